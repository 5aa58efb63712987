//! The recycle bin.

use crate::support::World;

#[tokio::test]
async fn a_deleted_record_lies_in_the_bin_until_it_is_purged() {
    let world = World::new().await;
    let ids = world.seed_accounts(2);
    world
        .delete(&format!("Accounts?ids={},{}", ids[0], ids[1]))
        .await;
    let bin = world.get("settings/recycle_bin").await.json();
    assert_eq!(bin["info"]["count"], 2);
    let item = world
        .get(&format!("settings/recycle_bin/{}", ids[0]))
        .await
        .json()["recycle_bin"][0]
        .clone();
    assert_eq!(item["display_name"], "A1");
    assert_eq!(item["module"]["api_name"], "Accounts");
    let purged = world
        .delete(&format!("settings/recycle_bin?ids={}", ids[0]))
        .await;
    assert_eq!(purged.status, 200, "{}", purged.text);
    assert_eq!(
        world
            .get(&format!("settings/recycle_bin/{}", ids[0]))
            .await
            .status,
        204
    );
    let permanent = world.get("Accounts/deleted?type=permanent").await;
    assert_eq!(permanent.column("id"), [ids[0].clone()]);
    assert!(permanent.row(0)["display_name"].is_null());
    let again = world
        .delete(&format!("settings/recycle_bin/{}", ids[0]))
        .await;
    assert_eq!(again.status, 400, "only once");
    assert_eq!(world.delete("settings/recycle_bin").await.status, 400);
}
