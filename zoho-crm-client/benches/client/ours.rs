//! The same work by the client.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, future::join_all};
use zoho_crm_client::{
    Account, ClientCredentials, DataCenter, PageToken, Polling, Record, TypedModule, WriteRow,
    ZohoClient,
};

use crate::{
    data::{BULK_PAGES, BULK_ROWS, Company, FIELDS, ROUNDS, companies},
    measure::Stopwatch,
};

/// Listings of all records that the many callers make in all.
pub(crate) const CALLS_EACH: u32 = 5;
const CALLERS: usize = 25;

fn client(server: &str) -> ZohoClient {
    let credentials = ClientCredentials::new("1000.CLIENT", "secret");
    ZohoClient::builder(DataCenter::custom(server).unwrap(), credentials)
        .refresh_token("1000.refresh")
        .concurrency(CALLERS)
        .build()
        .unwrap()
}

pub(crate) async fn with_own_types(server: &str) {
    let client = client(server);
    let rows = companies();
    read::<Company>(&client).await;
    let watch = Stopwatch::start();
    for _ in 0..ROUNDS {
        let read = read::<Company>(&client).await;
        let written = write(&client, &rows).await;
        assert_eq!((read.len(), written), (20_000, 10_000));
    }
    watch.report();
}

pub(crate) async fn with_standard_models(server: &str) {
    let client = client(server);
    let to_account = |row: Company| {
        Record::from_model(&row)
            .unwrap()
            .to_model::<Account>()
            .unwrap()
    };
    let rows: Vec<Account> = companies().into_iter().map(to_account).collect();
    read::<Account>(&client).await;
    let watch = Stopwatch::start();
    for _ in 0..ROUNDS {
        let read = read::<Account>(&client).await;
        let written = write(&client, &rows).await;
        assert_eq!((read.len(), written), (20_000, 10_000));
    }
    watch.report();
}

async fn read<M: TypedModule>(client: &ZohoClient) -> Vec<M> {
    let list = client
        .typed_module::<M>()
        .list()
        .fields(FIELDS.iter().copied());
    list.stream().all().await.unwrap()
}

async fn write<R: WriteRow + Sync>(client: &ZohoClient, rows: &[R]) -> usize {
    let upsert = client
        .module("Accounts")
        .upsert(rows)
        .duplicate_check_fields(["X3_Code"]);
    upsert.send().await.unwrap().all_ok().unwrap().len()
}

/// Each caller reads pages of its own, all at once.
pub(crate) async fn with_many_callers(server: &str) {
    let client = client(server);
    client
        .typed_module::<Company>()
        .list()
        .page(&PageToken::first())
        .await
        .unwrap();
    let watch = Stopwatch::start();
    let pages = usize::try_from(crate::data::RECORDS * CALLS_EACH / 200).unwrap();
    let list = client.typed_module::<Company>().list();
    let caller = |_| async {
        for page in 0..pages / CALLERS {
            let at: PageToken = format!("page:{}", page % 5 + 1).parse().unwrap();
            assert_eq!(list.page(&at).await.unwrap().records.len(), 200);
        }
    };
    join_all((0..CALLERS).map(caller)).await;
    watch.report();
}

pub(crate) async fn bulk_read(server: &str) {
    let client = client(server);
    let watch = Stopwatch::start();
    let polling = Polling::default().first(Duration::from_millis(1));
    let rows = client.bulk_read("Accounts").polling(polling).rows();
    let wanted = usize::try_from(BULK_ROWS * BULK_PAGES).unwrap();
    let mut rows = rows.take(wanted);
    let mut read = 0;
    while let Some(row) = rows.try_next().await.unwrap() {
        assert!(
            row.get("X3_Code")
                .is_some_and(|code| code.starts_with("BP"))
        );
        read += 1;
    }
    assert_eq!(read, wanted);
    watch.report();
}
