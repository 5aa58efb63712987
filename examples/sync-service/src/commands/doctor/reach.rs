//! Whether both systems are reached, over TLS, and by the same time; and whether Zoho reaches this service.

use std::{sync::Arc, time::Duration};

use client_core::{HttpTransport, Request, ReqwestTransport};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use secrecy::ExposeSecret as _;
use sync_core::{Clock as _, SystemClock};
use url::Url;
use zoho_crm_client::DataCenter;

use super::findings::Findings;
use crate::{
    config::{Config, WebhookConfig, X3Credential},
    failure::with_causes,
    systems::x3_transport,
};

/// Clocks that differ less do not matter.
const SKEW: SignedDuration = SignedDuration::from_secs(5);
/// Longest token that Zoho takes. Source: reference zoho-crm-v8 section 5.
const LONGEST_TOKEN: usize = 50;
/// Longest address that Zoho calls. Source: reference zoho-crm-v8 section 5.
const LONGEST_URL: usize = 255;

pub(super) async fn examine(config: &Config, findings: &mut Findings) {
    let x3 = match &config.x3.credential {
        X3Credential::Cloud { gateway, .. } => gateway,
        _ => &config.x3.url,
    };
    match x3_transport(config) {
        Ok(transport) => system("X3", x3, transport, config, findings).await,
        Err(error) => {
            findings.wrong_because("X3", "its certificate authority cannot be used", &error)
        }
    }
    let zoho = match (&config.zoho.accounts_url, &config.zoho.data_center) {
        (Some(url), _) => Ok(url.clone()),
        (None, name) => {
            let data_center = name.as_deref().unwrap_or_default().parse::<DataCenter>();
            let url = data_center.map_err(|error| error.to_string());
            url.and_then(|known| {
                Url::parse(&known.accounts_url()).map_err(|error| error.to_string())
            })
        }
    };
    match (zoho, ReqwestTransport::new()) {
        (Ok(url), Ok(transport)) => {
            system("Zoho", &url, Arc::new(transport), config, findings).await;
        }
        (Err(error), _) => {
            findings.wrong("Zoho", "its data centre is not known", error);
        }
        (_, Err(error)) => {
            findings.wrong("service", "requests cannot be made", error.to_string());
        }
    }
    match &config.webhook {
        Some(webhook) => receiver(webhook, findings).await,
        None => findings.advice(
            "service",
            "there is no [webhook] section: changes in Zoho are found by polling alone",
            "add it when this machine can be reached from the internet, to have changes within a second",
        ),
    }
}

/// Any answer shows that it is there. Its clock is in the answer.
async fn system(
    area: &'static str,
    url: &Url,
    transport: Arc<dyn HttpTransport>,
    config: &Config,
    findings: &mut Findings,
) {
    let host = url.host_str().unwrap_or_default();
    let before = SystemClock.now();
    let date = match ask(url, &*transport).await {
        Ok(date) => date,
        Err(error) => {
            findings.wrong(
                area,
                format!("{host} cannot be reached"),
                format!("{error}; check name, port, firewall, and its certificate (ca_file for a private authority)"),
            );
            return;
        }
    };
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    match (url.scheme(), is_here) {
        ("https", _) => findings.good(area, format!("{host} is reached over TLS")),
        (_, true) => findings.good(area, format!("{host} is reached on this machine")),
        _ => findings.advice(
            area,
            format!("{host} is reached without TLS: credentials and data can be read on the way"),
            "use https, or a network that nobody else is in",
        ),
    }
    let Some(date) = date else {
        findings.advice(
            area,
            format!("{host} does not tell its time"),
            "compare the clocks by hand",
        );
        return;
    };
    // Its answer has whole seconds.
    let skew = date.duration_since(before).abs();
    let allowed = SignedDuration::try_from(Duration::from_secs(config.timing.lag_seconds));
    if skew <= SKEW {
        findings.good(area, "its clock and this one agree");
    } else if allowed.is_ok_and(|allowed| skew < allowed) {
        findings.advice(
            area,
            format!("its clock and this one differ by {} s", skew.as_secs()),
            "set both by NTP",
        );
    } else {
        findings.wrong(
            area,
            format!(
                "its clock and this one differ by {} s, more than lag_seconds covers: changes could be passed over",
                skew.as_secs()
            ),
            "set both by NTP, or raise lag_seconds and overlap_seconds in [timing]",
        );
    }
}

/// The time that an address tells when it is asked for anything.
async fn ask(url: &Url, transport: &dyn HttpTransport) -> Result<Option<Timestamp>, String> {
    let mut request = Request::default();
    *request.uri_mut() = url
        .as_str()
        .parse()
        .map_err(|_| format!("{url} is no address"))?;
    let answer = transport
        .send(request)
        .await
        .map_err(|error| with_causes(&error, &error))?;
    let date = answer.headers().get("date");
    let date = date.and_then(|date| date.to_str().ok());
    Ok(date
        .and_then(|date| rfc2822::parse(date).ok())
        .map(|date| date.timestamp()))
}

/// Whether Zoho can call this service.
async fn receiver(webhook: &WebhookConfig, findings: &mut Findings) {
    let url = &webhook.public_url;
    if url.scheme() != "https" {
        findings.advice(
            "service",
            format!(
                "public_url begins with {}: Zoho calls only https",
                url.scheme()
            ),
            "put a proxy with a certificate before `listen`",
        );
    }
    if url.as_str().chars().count() > LONGEST_URL {
        findings.wrong(
            "service",
            "public_url is longer than Zoho takes",
            format!("shorten it to {LONGEST_URL} characters"),
        );
    }
    match webhook.token.read("the notification token") {
        Ok(token) if token.expose_secret().chars().count() > LONGEST_TOKEN => findings.wrong(
            "service",
            "the notification token is longer than Zoho takes",
            format!("use at most {LONGEST_TOKEN} characters, such as `openssl rand -hex 24` makes"),
        ),
        Ok(_) => {}
        Err(error) => {
            findings.wrong_because("service", "the notification token is not there", &error)
        }
    }
    let reached = match ReqwestTransport::new() {
        Ok(transport) => ask(url, &transport).await.map(drop),
        Err(error) => Err(error.to_string()),
    };
    match reached {
        Ok(()) => findings.good("service", "public_url is reached from here"),
        Err(error) => findings.advice(
            "service",
            format!("public_url is not reached from here: {error}"),
            "start `sync-service run`; if it runs, check proxy and firewall, from outside too",
        ),
    }
}
