//! Whatever is wrong gets one clear message that names the thing to fix, exit code 2, and no half-written store.

use crate::program::Site;

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_named() {
    let site = Site::open().await;
    let url = site.x3.base_url();
    site.configure(|text| text.replace(&url, "http://127.0.0.1:9"));
    site.run(&["plan"])
        .await
        .asks_to_fix(&["X3", "could not connect"]);
}

#[tokio::test]
async fn a_wrong_endpoint_name_is_named() {
    let site = Site::open().await;
    site.configure(|text| text.replace("endpoint = \"SEED\"", "endpoint = \"NOWHERE\""));
    site.run(&["plan"]).await.asks_to_fix(&["X3", "NOWHERE"]);
}

#[tokio::test]
async fn a_wrong_x3_secret_is_explained() {
    let site = Site::open().await;
    site.x3.reconfigure(|settings| {
        for application in &mut settings.connected_applications {
            application.secret = "regenerated".to_owned();
        }
    });
    site.run(&["plan"])
        .await
        .asks_to_fix(&["X3", "Error 50", "secret"]);
}

#[tokio::test]
async fn a_revoked_refresh_token_is_named() {
    let site = Site::open().await;
    assert!(site.zoho.revoke_refresh_token("1000.canary-refresh-5b27"));
    site.run(&["plan"])
        .await
        .asks_to_fix(&["Zoho", "refresh token"]);
}

#[tokio::test]
async fn malformed_configuration_is_shown_with_its_line() {
    let site = Site::open().await;
    site.configure(|text| text.replace("endpoint =", "endpoint"));
    site.run(&["run"])
        .await
        .asks_to_fix(&["sync.toml", "line 4"]);
    assert!(
        !site.folder.path().join("sync.db").exists(),
        "nothing was written"
    );
}

#[tokio::test]
async fn a_missing_configuration_is_named() {
    let site = Site::open().await;
    std::fs::remove_file(site.config()).unwrap();
    site.run(&["status"]).await.asks_to_fix(&["sync.toml"]);
}

#[tokio::test]
async fn a_secret_that_is_not_set_is_named() {
    let site = Site::open().await;
    site.configure(|text| text.replace("X3_SECRET", "X3_SECRET_THAT_NOBODY_SET"));
    site.run(&["plan"])
        .await
        .asks_to_fix(&["X3_SECRET_THAT_NOBODY_SET", "not set"]);
}

#[tokio::test]
async fn a_zoho_field_that_does_not_exist_is_named() {
    let site = Site::open().await;
    site.configure(|text| {
        text + "[[customers.rows]]\nname = \"segment\"\nx3 = \"shortCompanyName\"\nzoho = \"No_Such_Field\"\nkind = \"text\"\n"
    });
    site.run(&["plan"])
        .await
        .asks_to_fix(&["Zoho", "No_Such_Field"]);
}

#[tokio::test]
async fn an_x3_field_that_does_not_exist_is_named() {
    let site = Site::open().await;
    site.configure(|text| {
        text + "[[customers.rows]]\nname = \"segment\"\nx3 = \"YNOSUCHFIELD\"\nzoho = \"Industry\"\nkind = \"text\"\n"
    });
    site.run(&["plan"])
        .await
        .asks_to_fix(&["X3", "YNOSUCHFIELD"]);
}

#[tokio::test]
async fn a_row_to_leave_out_that_does_not_exist_is_named() {
    let site = Site::open().await;
    site.configure(|text| text + "without = [\"colour\"]\n");
    site.run(&["plan"]).await.asks_to_fix(&["colour"]);
}

#[tokio::test]
async fn a_key_field_that_is_not_unique_is_refused() {
    let site = Site::open().await;
    site.configure(|text| text + "zoho_key_field = \"X3_Credit_Status\"\n");
    site.run(&["plan"])
        .await
        .asks_to_fix(&["X3_Credit_Status", "unique"]);
}

#[tokio::test]
async fn a_stale_plan_is_refused() {
    let site = Site::open().await;
    let refused = site.run(&["apply", "customers:0123"]).await;
    refused.asks_to_fix(&["out of date"]);
    assert_eq!(site.zoho.counters().rows_written, 0);
    assert_eq!(site.x3.counters().mutations, 0);
}

#[tokio::test]
async fn one_database_is_needed_and_no_more() {
    let site = Site::open().await;
    let both = "database = \"sync.db\"\ndatabase_url = { env = \"X3_SECRET\" }";
    for databases in ["", both] {
        site.configure(|text| text.replace("database = \"sync.db\"", databases));
        site.run(&["status"])
            .await
            .asks_to_fix(&["database", "database_url"]);
    }
}

#[tokio::test]
async fn a_database_server_that_cannot_be_reached_is_named_without_its_password() {
    let site = Site::open().await;
    let file = site.folder.path().join("address");
    std::fs::write(&file, "postgres://sync:canary-password@127.0.0.1:9/sync").unwrap();
    let url = "database_url = { file = \"address\" }";
    site.configure(|text| text.replace("database = \"sync.db\"", url));
    let ran = site.run(&["status"]).await;
    assert!(!ran.stderr.contains("canary-password"), "{}", ran.stderr);
    ran.asks_to_fix(&["database_url"]);
}
