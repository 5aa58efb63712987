//! What both systems let this service do.

use sage_x3_client::{SiteReport, X3Client};
use sync_core::{Flow, Side};
use zoho_crm_client::{Coql, Error as ZohoError, Filter, ZohoClient};

use super::findings::Findings;
use crate::{
    config::Config,
    failure::with_causes,
    systems::{Facts, Systems, modules_of_interest, x3_client, zoho_client, zoho_facts},
    vault::Vault,
    words::system,
};

/// Asks both systems. Nothing when one of them does not answer.
pub(super) async fn examine(
    config: &Config,
    vault: &Vault,
    findings: &mut Findings,
) -> Option<Systems> {
    let x3 = match x3_client(config, vault).await {
        Ok(x3) => {
            let site = examine_x3(&x3, findings).await;
            if site.is_some() {
                examine_web_services(config, &x3, findings).await;
            }
            site.map(|site| (x3, site))
        }
        Err(error) => {
            findings.wrong_because("X3", "there is no credential that works", &error);
            None
        }
    };
    let zoho = match zoho_client(config, vault).await {
        Ok(zoho) => examine_zoho(config, &zoho, findings)
            .await
            .map(|facts| (zoho, facts)),
        Err(error) => {
            findings.wrong_because("Zoho", "there is no credential that works", &error);
            None
        }
    };
    let ((x3, site), (zoho, facts)) = (x3?, zoho?);
    let facts = facts.with_site(site, config, &x3).await;
    Some(Systems { x3, zoho, facts })
}

/// Has each web service that is configured list a record: the pool and the name show only when they are used.
async fn examine_web_services(config: &Config, x3: &X3Client, findings: &mut Findings) {
    let Some(configured) = &config.x3.soap else {
        return;
    };
    let pool = &configured.pool;
    for published in configured.published() {
        let (name, object) = (published.name(), published.object);
        let answer = match x3.soap() {
            Ok(soap) => soap.query(name, &[], 1).await.map(drop),
            Err(error) => Err(error),
        };
        match answer {
            Ok(()) => findings.good(
                "X3",
                format!("the web service {name} (object {object}) answers through pool {pool}"),
            ),
            Err(error) => findings.wrong(
                "X3",
                format!(
                    "the web service {name} (object {object}) does not answer: {}",
                    with_causes(&error, &error)
                ),
                format!(
                    "start the pool {pool} (Administration > Web services > Classic SOAP pools), and publish the object \
                     {object} under this name in function GESAWE"
                ),
            ),
        }
    }
}

async fn examine_x3(x3: &X3Client, findings: &mut Findings) -> Option<SiteReport> {
    let site = match x3.site_report().await {
        Ok(site) => site,
        Err(error) => {
            findings.wrong(
                "X3",
                "the credential does not work, or the endpoint is not there",
                with_causes(&error, &error),
            );
            return None;
        }
    };
    findings.good("X3", "the credential works");
    match &site.packages {
        Some(packages) => {
            findings.good("X3", format!("its schema shows {} packages", packages.len()));
        }
        None => findings.advice(
            "X3",
            "it does not let this user look at its schema: what it offers shows when it is used",
            "give the user the right to introspection, or compare the activated operations (GESAPIOPE) by hand",
        ),
    }
    findings.advice(
        "X3",
        "numbering and rights to write cannot be asked for by API",
        "see to it that the category of new customers has no sequence counter (they get codes of their own), that order \
         types have an automatic one, and that the user may write what the flows write",
    );
    for field in site.lacking() {
        if field.optional {
            continue;
        }
        findings.advice(
            "X3",
            format!("node {} has no field {}", field.node, field.field),
            "flows that read the node need it: publish it there, or update X3",
        );
    }
    Some(site)
}

async fn examine_zoho(
    config: &Config,
    zoho: &ZohoClient,
    findings: &mut Findings,
) -> Option<Facts> {
    let facts = match zoho_facts(zoho, &modules_of_interest(config)).await {
        Ok(facts) => facts,
        Err(error) => {
            findings.wrong(
                "Zoho",
                "the credential does not work",
                with_causes(&error, &error),
            );
            return None;
        }
    };
    findings.good("Zoho", "the credential works");
    match facts.edition {
        Some(edition) => findings.good("Zoho", format!("the edition is {edition:?}")),
        None => findings.advice(
            "Zoho",
            "the edition is not known",
            "connect anew with scope ZohoCRM.org.READ, so that limits are known",
        ),
    }
    examine_scopes(config, zoho, findings).await;
    if let Some(left) = zoho.credits_remaining() {
        findings.good("Zoho", format!("{left} credits are left for today"));
    }
    Some(facts)
}

/// Scopes show only when they are needed, so a cheap call is made with each.
async fn examine_scopes(config: &Config, zoho: &ZohoClient, findings: &mut Findings) {
    let any = Filter::is_not_null("id");
    let query = Coql::select(["id"]).from("Accounts").filter(any).limit(1);
    let mut asked = vec![
        ("ZohoCRM.org.READ", zoho.org().await.map(drop)),
        (
            "ZohoCRM.settings.modules.READ",
            zoho.modules().await.map(drop),
        ),
        (
            "ZohoCRM.settings.fields.READ",
            zoho.fields("Accounts").await.map(drop),
        ),
        ("ZohoCRM.coql.READ", zoho.coql(&query).await.map(drop)),
    ];
    if config.webhook.is_some() {
        let listed = zoho.channels().list().await.map(drop);
        asked.push(("ZohoCRM.notifications.ALL", listed));
    }
    for (scope, answer) in asked {
        match answer {
            Ok(()) => findings.good("Zoho", format!("scope {scope} is granted")),
            Err(ZohoError::Api { error, .. }) if error.code() == "OAUTH_SCOPE_MISMATCH" => {
                findings.wrong(
                    "Zoho",
                    format!("scope {scope} is not granted"),
                    "run `sync-service connect zoho` again; it asks for all that is needed",
                );
            }
            Err(error) => findings.advice(
                "Zoho",
                format!("whether scope {scope} is granted is not known"),
                with_causes(&error, &error),
            ),
        }
    }
}

/// Asks both ends of a flow whether the systems are set up for it. Returns whether they are.
pub(super) async fn examine_flow(flow: &Flow, lacks_fields: bool, findings: &mut Findings) -> bool {
    let mut is_well = true;
    for side in Side::BOTH {
        let area = system(side);
        match flow.endpoints.get(side).check().await {
            Ok(problems) => {
                for problem in problems {
                    is_well = false;
                    // Fields that are missing were told, each with how to make it.
                    if side == Side::Right && lacks_fields && problem.message.contains("no field") {
                        continue;
                    }
                    findings.wrong(
                        area,
                        format!("{} cannot run as it is", flow.name),
                        problem.message,
                    );
                }
            }
            Err(error) => {
                is_well = false;
                findings.wrong(
                    area,
                    format!("{} could not be checked", flow.name),
                    with_causes(&error, &error),
                );
            }
        }
    }
    is_well
}
