//! What the client costs on top of a bare typed loop: processor time per row, requests of an empty poll, memory of a long
//! list. The server is canned and in the same process, so that nothing but the client is measured.
//!
//! Ends with an error when a promise of the README is broken.
#![allow(clippy::expect_used, missing_docs)]

use std::{
    fmt::Write as _,
    fs,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use client_core::{
    HttpTransport, Request, Response,
    testing::{InProcessTransport, ManualClock, RecordingSleep},
};
use futures::{TryStreamExt as _, executor::block_on};
use sage_x3_client::{
    ChangeSource, Changes, ConnectedApp, CustomerQuery, FieldName, PageSize, SiteConfig, X3Client,
    api1::{Api1Query, records},
};

mod bare;

/// Records in a page.
const PAGE: usize = 1000;
/// Records in a measured list.
const RECORDS: usize = 100_000;
/// Each measurement is the best of so many.
const ROUNDS: usize = 7;

/// Pages of one kind of list: the same rows each time, a position of its own each time.
#[derive(Clone)]
struct Canned {
    rows: Bytes,
    before: &'static str,
    /// What follows the rows when the list goes on, before and after the position.
    next: (&'static str, &'static str),
    last: &'static str,
}

impl Canned {
    fn graphql() -> Self {
        Self {
            rows: rows(|row| {
                format!(
                    r#"{{"node":{{"_id":"C{row:06}","_etag":"e{row}","_createStamp":"2024-05-01T10:00:00.123Z","_updateStamp":"2026-11-20T10:00:00.123Z",
"code":{{"_updateStamp":"2026-11-20T10:00:00.123Z","code":"C{row:06}","companyName1":"Customer number {row} Ltd","companyName2":"","shortCompanyName":"CUST{row}",
"europeanUnionVatNumber":"FR{row:011}","isProspect":false,"country":{{"code":"FR"}},"language":{{"code":"FRA"}}}},"customerCategory":{{"code":"DOM"}},"isActive":true,
"currency":{{"code":"EUR"}},"creditControl":"control","authorizedCreditAmount":"{row}.50","minimumOrderAmount":"100.00","notes":{{"value":"Calls on {row}"}},
"yZone":"ZONE{row}","yRating":{row}.25,"yLoyalty":true,
"defaultAddress":{{"_id":"C{row:06}|A1","_updateStamp":"2026-11-20T10:00:00.123Z","code":"A1","description":"Head office","isDefault":true,"zipCode":"{row:05}",
"city":"Lyon","state":"","country":{{"code":"FR"}},"website":"www.example.com",
"addressLines":{{"query":{{"edges":[{{"node":{{"denormalizedIndex":1,"addressLine":"{row} rue de la Gare"}}}}]}}}},
"addressPhoneNumbers":{{"query":{{"edges":[{{"node":{{"denormalizedIndex":1,"addressPhoneNumber":"+33 4 {row}"}}}}]}}}},
"addressEmails":{{"query":{{"edges":[{{"node":{{"denormalizedIndex":1,"addressEmail":"c{row}@example.com"}}}}]}}}}}}}}}}"#
                )
            }),
            before: r#"{"data":{"x3MasterData":{"customer":{"query":{"edges":["#,
            next: (
                r#"],"pageInfo":{"hasNextPage":true,"endCursor":""#,
                r#""}}}}},"extensions":{"diagnoses":[]}}"#,
            ),
            last: r#"],"pageInfo":{"hasNextPage":false,"endCursor":"end"}}}}},"extensions":{"diagnoses":[]}}"#,
        }
    }

    fn api1() -> Self {
        Self {
            rows: rows(|row| {
                format!(
                    r#"{{"$uuid":"5f0c{row:08}","$etag":"2026-11-20T10:00:00Z","$key":"C{row:06}","BPCNUM":"C{row:06}","BPCNAM":"Customer number {row} Ltd",
"BPCSHO":"CUST{row}","BCGCOD":"DOM","BCGCOD_REF":{{"$title":"DOM","$description":"Domestic"}},"BPCSTA":2,"BPCTYP":1,"CUR":"EUR",
"CUR_REF":{{"$title":"EUR","$description":"Euro"}},"VACBPR":"FRA","PTE":"CH30NET","BPCINV":"C{row:06}","BPCPYR":"C{row:06}","BPCGRU":"C{row:06}",
"BPCRSK":"C{row:06}","BPAADD":"A1","BPDADD":"A1","OSTCTL":1,"OSTAUZ":{row}.50,"ORDMINAMT":100.00,"BPCREM":"Calls on {row}",
"UPDDAT":"2026-11-20","UPDDATTIM":"2026-11-20T10:00:00Z","YZONE":"ZONE{row}","YRATING":{row}.25}}"#
                )
            }),
            before: r#"{"$itemsPerPage":1000,"$resources":["#,
            next: (
                r#"],"$links":{"$next":{"$url":"http://x3/api1/x3/erp/SEED/BPCUSTOMER?key=gt."#,
                r#""}}}"#,
            ),
            last: r#"],"$links":{}}"#,
        }
    }

    /// The page at a position. All but the position is copied from what is there.
    fn page(&self, number: usize, pages: usize) -> Bytes {
        let mut body = Vec::with_capacity(self.rows.len() + 256);
        body.extend_from_slice(self.before.as_bytes());
        body.extend_from_slice(&self.rows);
        if number + 1 < pages {
            body.extend_from_slice(self.next.0.as_bytes());
            body.extend_from_slice(number.to_string().as_bytes());
            body.extend_from_slice(self.next.1.as_bytes());
        } else {
            body.extend_from_slice(self.last.as_bytes());
        }
        body.into()
    }
}

fn rows(row: impl Fn(usize) -> String) -> Bytes {
    let mut text = String::new();
    for number in 0..PAGE {
        let separator = if number == 0 { "" } else { "," };
        let _ = write!(text, "{separator}{}", row(number));
    }
    text.into()
}

/// A server with so many records.
fn server(canned: &Canned, records: usize) -> (InProcessTransport, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let (canned, counter) = (canned.clone(), Arc::clone(&asked));
    let transport = InProcessTransport::new(move |_request| {
        let number = counter.fetch_add(1, Ordering::Relaxed);
        let page = canned.page(number, records / PAGE);
        std::future::ready(Ok(Response::new(page)))
    });
    (transport, asked)
}

fn client(transport: InProcessTransport) -> X3Client {
    let clock = ManualClock::new("2026-11-20T10:00:00Z".parse().expect("an instant"));
    X3Client::builder(SiteConfig::new("http://x3:8124", "SEED"))
        .credential(ConnectedApp::new("client", "secret"))
        .transport(Arc::new(transport))
        .sleep(Arc::new(RecordingSleep::new(clock.clone())))
        .clock(Arc::new(clock))
        .build()
        .expect("a client")
}

fn query() -> CustomerQuery {
    CustomerQuery::new().first(PageSize::MAX)
}

/// Reads the whole list through the client, page by page; `seen` is called after each page.
fn poll(x3: &X3Client, extra: bool, mut seen: impl FnMut()) -> usize {
    let names = ["yZone", "yRating", "yLoyalty"].map(|name| FieldName::new(name).expect("a name"));
    let customers = if extra {
        x3.customers().with_extra(names)
    } else {
        x3.customers()
    };
    let mut rows = 0;
    block_on(async {
        let mut pages = customers.pages(query());
        while let Some(page) = pages.try_next().await.expect("a page") {
            rows += page.items.len();
            drop(std::hint::black_box(page));
            seen();
        }
    });
    rows
}

fn poll_api1(x3: &X3Client) -> usize {
    let mut rows = 0;
    block_on(async {
        let query = Api1Query::new().page_size(PageSize::MAX);
        let mut pages = x3.api1().records::<records::Customer>().pages(query);
        while let Some(page) = pages.try_next().await.expect("a page") {
            rows += page.items.len();
            drop(std::hint::black_box(page));
        }
    });
    rows
}

/// What somebody would write who needs nothing but the rows.
fn poll_bare<P: bare::Page>(transport: &InProcessTransport) -> usize {
    let mut rows = 0;
    block_on(async {
        loop {
            let answer = transport.send(Request::default()).await.expect("an answer");
            let page: P = serde_json::from_slice(answer.body()).expect("a page");
            let (count, more) = page.finish();
            rows += count;
            if !more {
                return;
            }
        }
    });
    rows
}

/// Processor time of this thread so far, in nanoseconds.
fn processor_time() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux's schedstat");
    let first = text.split(' ').next().and_then(|text| text.parse().ok());
    first.expect("a number")
}

/// Memory in use, in bytes.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/status").expect("Linux's status");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| {
        line.trim()
            .trim_end_matches(" kB")
            .trim()
            .parse::<u64>()
            .ok()
    });
    1024 * kilobytes.expect("a number")
}

/// The best of several rounds of each, in nanoseconds a row. Rounds take turns, so that what else the machine does meets all
/// alike.
fn best<const N: usize>(ways: [&dyn Fn() -> usize; N]) -> [f64; N] {
    let mut best = [f64::INFINITY; N];
    for _ in 0..ROUNDS {
        for (way, best) in ways.iter().zip(&mut best) {
            let before = processor_time();
            let rows = way();
            let spent = processor_time() - before;
            assert_eq!(rows, RECORDS, "every row must be read");
            *best = best.min(spent as f64 / rows as f64);
        }
    }
    best
}

/// Most memory in use above what there was before, while a list of `records` is read.
fn memory_of(canned: &Canned, records: usize) -> u64 {
    let (transport, _) = server(canned, records);
    let x3 = client(transport);
    let before = resident();
    let mut most = before;
    let rows = poll(&x3, true, || most = most.max(resident()));
    assert_eq!(rows, records);
    most - before
}

fn empty_poll() -> usize {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let transport = InProcessTransport::new(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        let body = r#"{"data":{"x3MasterData":{"customer":{"query":{"edges":[],"pageInfo":{"hasNextPage":false,"endCursor":null}}}}}}"#;
        std::future::ready(Ok(Response::new(body.into())))
    });
    let since: jiff::Timestamp = "2026-11-20T09:00:00Z".parse().expect("an instant");
    let changes = Changes::of(ChangeSource::Customer).since(since);
    let page = block_on(client(transport).customers().changed(&changes)).expect("a page");
    assert!(page.items.is_empty());
    asked.load(Ordering::Relaxed)
}

#[expect(clippy::print_stdout, reason = "a bench reports what it measured")]
fn main() -> ExitCode {
    let (graphql, api1) = (Canned::graphql(), Canned::api1());
    let through = |canned: &Canned| client(server(canned, RECORDS).0);

    let [bare_graphql, typed, extra, bare_api1, kept] = best([
        &|| poll_bare::<bare::GraphqlPage>(&server(&graphql, RECORDS).0),
        &|| poll(&through(&graphql), false, || {}),
        &|| poll(&through(&graphql), true, || {}),
        &|| poll_bare::<bare::Api1Page>(&server(&api1, RECORDS).0),
        &|| poll_api1(&through(&api1)),
    ]);

    println!("{RECORDS} customers in pages of {PAGE}, best of {ROUNDS}, processor time a row:");
    let mut broken = false;
    for (name, time, bare, limit) in [
        ("GraphQL, typed", typed, bare_graphql, 1.2),
        ("GraphQL, with fields of the site", extra, bare_graphql, 1.6),
        ("api1, with all other columns kept", kept, bare_api1, 1.6),
    ] {
        let ratio = time / bare;
        broken |= ratio > limit;
        println!("  {name:<36} {time:>7.0} ns, bare {bare:>7.0} ns: {ratio:.2} (at most {limit})");
    }
    let requests = empty_poll();
    broken |= requests != 1;
    println!("An empty poll: {requests} request(s)");
    let (few, many) = (memory_of(&graphql, 10_000), memory_of(&graphql, 1_000_000));
    let slack = 4 * 1024 * 1024;
    broken |= many > few + slack;
    println!(
        "Memory beyond what there was: {:.1} MiB over 10,000 rows, {:.1} MiB over 1,000,000",
        few as f64 / 1_048_576.0,
        many as f64 / 1_048_576.0
    );
    if broken {
        println!("A promise is broken.");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
