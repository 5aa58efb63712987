//! The status page as a browser's requests reach it.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder, StatusCode};
use sage_x3_simulator::Edit;
use serde_json::json;

use crate::{
    program::Site,
    running::{PASSWORD, Running, SERVED, assert_no_secret, http, until},
};

/// A browser that is signed in.
pub(crate) struct Visitor {
    admin: String,
    cookie: String,
}

pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
}

impl Seen {
    async fn of(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let headers = answer.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()));
        let (status, headers) = (answer.status(), headers.collect());
        let text = answer.text().await.unwrap();
        assert_no_secret(&text);
        Self {
            status,
            headers,
            text,
        }
    }

    /// The value of a hidden field.
    fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.text.split_once(&start).expect(name).1;
        rest.split_once('"').unwrap().0.to_owned()
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    form.finish()
}

fn posted(address: String, fields: &[(&str, &str)]) -> RequestBuilder {
    http()
        .request(Method::POST, address)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form(fields))
}

impl Visitor {
    pub(crate) async fn enter(running: &Running) -> Self {
        let admin = running.admin().await;
        let request = posted(format!("{admin}/login"), &[("password", PASSWORD)]);
        let seen = Seen::of(request.header("origin", &admin)).await;
        assert_eq!(seen.status, 303, "{}", seen.text);
        let cookie = seen.headers["set-cookie"].clone();
        for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { admin, cookie }
    }

    fn get_request(&self, path: &str) -> RequestBuilder {
        let address = format!("{}{path}", self.admin);
        http().get(address).header("cookie", &self.cookie)
    }

    pub(crate) async fn get(&self, path: &str) -> Seen {
        Seen::of(self.get_request(path)).await
    }

    fn post_request(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        posted(format!("{}{path}", self.admin), fields).header("cookie", &self.cookie)
    }

    /// Sends a form as the page at `from` has it.
    pub(crate) async fn send(&self, from: &str, path: &str, fields: &[(&str, &str)]) -> Seen {
        let token = self.get(from).await.hidden("form_token");
        let fields = [&[("form_token", token.as_str())], fields].concat();
        let request = self.post_request(path, &fields);
        Seen::of(request.header("origin", &self.admin)).await
    }
}

/// A running service with a record that both sides changed in a field that a person must settle.
pub(crate) async fn with_conflict() -> (Site, Running, String) {
    let site = Site::settled().await;
    let code = site.x3.customers("SEED").unwrap()[0].code.clone();
    let account = site.zoho.records("Accounts");
    let account = account
        .iter()
        .find(|record| record.text("X3_Code") == Some(&code));
    let id = account.unwrap().id.clone();
    site.x3
        .edit_as_user(
            "SEED",
            &Edit::business_partner(&code).set("europeanUnionVatNumber", "FR11111111111"),
        )
        .unwrap();
    site.zoho
        .edit_as_user("Accounts", &id, json!({"VAT_Number": "FR22222222222"}))
        .unwrap();
    // Read once, so that nothing but a person brings the record back.
    site.configure(|text| {
        let text = text.replace("[zoho]", "[zoho]\ncredits_per_day = 5000");
        text + &SERVED.replace("poll_seconds = 1", "poll_seconds = 3600")
    });
    let running = site.start().await;
    (site, running, code)
}

async fn parked(visitor: &Visitor) -> Seen {
    until("a record is parked", || async {
        let seen = visitor.get("/parked").await;
        seen.text.contains("both sides changed").then_some(seen)
    })
    .await
}

#[tokio::test]
async fn nobody_sees_anything_without_the_password() {
    let site = Site::settled().await;
    let running = site.start().await;
    let admin = running.admin().await;
    for path in [
        "/",
        "/parked",
        "/pair?flow=customers&side=left&id=NA001",
        "/audit",
        "/plans",
    ] {
        let seen = Seen::of(http().get(format!("{admin}{path}"))).await;
        assert_eq!(
            (seen.status.as_u16(), seen.headers["location"].as_str()),
            (303, "/login")
        );
        assert!(seen.text.is_empty());
    }
    let replay = posted(format!("{admin}/parked/replay"), &[("flow", "customers")]);
    assert_eq!(Seen::of(replay.header("origin", &admin)).await.status, 401);
    // A wrong password does not open it, and cannot be tried for long; then not even the right one is heard.
    let mut statuses = Vec::new();
    for attempt in 0..8 {
        let password = if attempt == 7 {
            PASSWORD
        } else {
            "guess guess guess"
        };
        let request = posted(format!("{admin}/login"), &[("password", password)]);
        statuses.push(
            Seen::of(request.header("origin", &admin))
                .await
                .status
                .as_u16(),
        );
    }
    assert_eq!(statuses[..6], [401; 6]);
    assert_eq!(statuses[6..], [429; 2]);
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn every_answer_carries_the_policy_that_lets_nothing_foreign_in() {
    let site = Site::settled().await;
    let running = site.start().await;
    let visitor = Visitor::enter(&running).await;
    for path in [
        "/",
        "/login",
        "/parked",
        "/nowhere",
        "/pair?flow=x&side=left&id=1",
        "/audit?before=x",
    ] {
        let seen = visitor.get(path).await;
        let policy = &seen.headers["content-security-policy"];
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        assert_eq!(seen.headers["x-frame-options"], "DENY");
        assert_eq!(seen.headers["cache-control"], "no-store");
        assert_eq!(seen.headers["x-content-type-options"], "nosniff");
        assert!(!seen.text.contains("<script") && !seen.text.contains("style=\""));
    }
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn a_form_from_another_site_or_session_does_nothing() {
    let (site, running, code) = with_conflict().await;
    let visitor = Visitor::enter(&running).await;
    let seen = parked(&visitor).await;
    let token = seen.hidden("form_token");
    let record = [
        ("flow", "customers"),
        ("side", "left"),
        ("id", code.as_str()),
    ];
    let own = visitor.admin.clone();
    let other = Visitor::enter(&running).await;
    let foreign = other.get("/parked").await.hidden("form_token");
    assert_ne!(token, foreign);
    for (form_token, origin) in [
        (Some(token.as_str()), Some("https://evil.example")),
        (Some(token.as_str()), Some("null")),
        (Some(token.as_str()), None),
        (Some(foreign.as_str()), Some(own.as_str())),
        (Some(""), Some(own.as_str())),
        (None, Some(own.as_str())),
    ] {
        let token = form_token.map(|token| ("form_token", token));
        let fields: Vec<_> = record.into_iter().chain(token).collect();
        for path in [
            "/parked/dismiss",
            "/parked/replay",
            "/parked/edit",
            "/flow/stop",
            "/plans/approve",
            "/logout",
        ] {
            let mut request = visitor.post_request(path, &fields);
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            assert_eq!(
                Seen::of(request).await.status,
                403,
                "{path} {form_token:?} {origin:?}"
            );
        }
    }
    // Browsers say where a form comes from, whatever the page that sent it wants.
    let mut request = visitor.post_request(
        "/parked/dismiss",
        &[&record[..], &[("form_token", &token)]].concat(),
    );
    request = request
        .header("origin", &own)
        .header("sec-fetch-site", "cross-site");
    assert_eq!(Seen::of(request).await.status, 403);
    let seen = visitor.get("/parked").await;
    assert!(
        seen.text.contains("both sides changed"),
        "it is still parked"
    );
    drop(site);
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn a_person_settles_a_conflict_on_the_page() {
    let (site, running, code) = with_conflict().await;
    let visitor = Visitor::enter(&running).await;
    parked(&visitor).await;
    let record = format!("/parked/record?flow=customers&side=left&id={code}");
    let seen = visitor.get(&record).await;
    assert!(seen.text.contains("FR11111111111") && seen.text.contains("FR22222222222"));
    let about = [
        ("flow", "customers"),
        ("side", "left"),
        ("id", code.as_str()),
    ];

    // What cannot be meant is said, and nothing is written.
    let both = [
        &about[..],
        &[("choice.vat_number", "left"), ("text.vat_number", "X")],
    ]
    .concat();
    assert_eq!(
        visitor.send(&record, "/parked/edit", &both).await.status,
        303
    );
    let seen = visitor.get(&record).await;
    assert!(seen.text.contains("not both") && seen.text.contains("Nothing was written"));

    let right = [&about[..], &[("choice.vat_number", "right")]].concat();
    let seen = visitor.send(&record, "/parked/edit", &right).await;
    assert_eq!(seen.headers["location"], "/parked?flow=customers");
    until("the value is in X3 and nothing is parked", || async {
        let customer = site.x3.customer("SEED", &code).unwrap().unwrap();
        let list = visitor.get("/parked").await;
        let is_there = format!("{customer:?}").contains("FR22222222222");
        (is_there && list.text.contains("waits for you")).then_some(())
    })
    .await;
    let history = format!("/pair/history?flow=customers&side=left&id={code}&field=vat_number");
    let seen = visitor.get(&history).await;
    assert!(seen.text.contains("a person chose it"), "{}", seen.text);
    let pair = visitor
        .get(&format!("/pair?flow=customers&side=left&id={code}"))
        .await;
    assert!(pair.text.contains("linked") && pair.text.contains("FR22222222222"));
    assert!(visitor.get("/audit").await.text.contains("changed in X3"));
    // What was spent is counted, and how long the rest lasts is said.
    let overview = visitor.get("/").await.text;
    assert!(overview.contains("5\u{202f}000 credits") && overview.contains("lasts"));
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn what_records_hold_is_shown_and_never_obeyed() {
    let site = Site::settled().await;
    let evil = "<img src=x onerror=alert(1)>\"'&<b>";
    let created = site.zoho.create_as_user(
        "Accounts",
        json!({"Account_Name": evil, "Billing_City": "</td><script>alert(2)</script>", "Billing_Country": "<i>Nowhere</i>"}),
    );
    let id = created.unwrap();
    let running = site.start().await;
    let visitor = Visitor::enter(&running).await;
    let seen = until("the record is parked", || async {
        let seen = visitor.get("/parked").await;
        seen.text.contains(&id).then_some(seen)
    })
    .await;
    let about = format!("flow=customers&side=right&id={id}");
    let mut pages = vec![seen];
    for path in [
        format!("/parked/record?{about}"),
        format!("/pair?{about}"),
        format!("/pair/history?{about}&field=name"),
        format!("/audit?{about}"),
        "/audit".to_owned(),
        "/".to_owned(),
        // What an address holds is foreign, too.
        "/pair?flow=<b>&side=left&id=<script>alert(3)</script>".to_owned(),
        "/pair?flow=customers&side=left&id=\"><script>alert(4)</script>".to_owned(),
        "/parked?flow=<script>".to_owned(),
        format!("/pair/history?{about}&field=<script>alert(5)</script>"),
    ] {
        pages.push(visitor.get(&path).await);
    }
    for page in &pages {
        for markup in ["<script", "<img", "<b>", "<i>", "\"><"] {
            let breaks_out = match markup {
                // This one stands in our own markup as well.
                "\"><" => page.text.contains("\"><script") || page.text.contains("\"><img"),
                _ => page.text.contains(markup),
            };
            assert!(!breaks_out, "{markup} in {}", page.text);
        }
    }
    assert!(pages[2].text.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn a_first_sync_is_planned_reviewed_and_approved_on_the_page() {
    let site = Site::open().await;
    site.configure(|text| text + SERVED);
    let running = site.start().await;
    let visitor = Visitor::enter(&running).await;
    assert!(
        visitor
            .get("/")
            .await
            .text
            .contains("first-sync plan is approved")
    );
    let plans = "/plans?flow=customers";
    visitor
        .send(plans, "/plans/make", &[("flow", "customers")])
        .await;
    let seen = until("the plan is made", || async {
        let seen = visitor.get(plans).await;
        seen.text.contains("Entry by entry").then_some(seen)
    })
    .await;
    assert!(seen.text.contains("Müller GmbH") || seen.text.contains("are to be created in X3"));
    let hash = seen.hidden("hash");
    assert_eq!(
        site.zoho.counters().rows_written + site.x3.counters().mutations,
        0
    );

    // Without the review nothing is done; a plan that no longer holds is refused.
    visitor
        .send(
            plans,
            "/plans/approve",
            &[("flow", "customers"), ("hash", &hash)],
        )
        .await;
    assert!(
        visitor
            .get(plans)
            .await
            .text
            .contains("Review the plan first")
    );
    let approve = |hash: String| {
        let visitor = &visitor;
        async move {
            let fields = [("flow", "customers"), ("hash", &hash), ("reviewed", "yes")];
            visitor.send(plans, "/plans/approve", &fields).await
        }
    };
    approve("0123".to_owned()).await;
    until("the stale plan is refused", || async {
        let seen = visitor.get(plans).await;
        seen.text.contains("out of date").then_some(())
    })
    .await;
    assert_eq!(
        site.zoho.counters().rows_written + site.x3.counters().mutations,
        0
    );
    approve(hash).await;
    until("both systems have both companies", || async {
        let customers = site.x3.customers("SEED").unwrap().len();
        (customers == 2 && site.zoho.records("Accounts").len() == 2).then_some(())
    })
    .await;
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn a_person_stops_a_flow_and_lets_it_go_on() {
    let site = Site::settled().await;
    let running = site.start().await;
    let visitor = Visitor::enter(&running).await;
    let why = [("flow", "customers"), ("why", "month end <b>")];
    visitor.send("/", "/flow/stop", &why).await;
    let seen = visitor.get("/").await;
    assert!(seen.text.contains("month end &lt;b&gt;"), "{}", seen.text);
    let ready = http()
        .get(format!("{}/readyz", visitor.admin))
        .send()
        .await
        .unwrap();
    assert_eq!(ready.status(), 503);
    visitor
        .send("/", "/flow/release", &[("flow", "customers")])
        .await;
    assert!(visitor.get("/").await.text.contains("customers goes on"));
    let ready = http()
        .get(format!("{}/readyz", visitor.admin))
        .send()
        .await
        .unwrap();
    assert_eq!(ready.status(), 200);

    // Signed out is out.
    visitor.send("/", "/logout", &[]).await;
    assert_eq!(visitor.get("/").await.headers["location"], "/login");
    assert!(running.stop().await.success());
}
