use reqwest::{Client, Response};
use sage_x3_simulator::{Clock, CustomerSeed, DEFAULT_ENDPOINT, X3Simulator, X3SimulatorBuilder};
use serde_json::{Value, json};

pub(crate) const START: &str = "2026-03-01T08:00:00Z";

/// A simulator with a caller that has Basic credentials.
pub(crate) struct Site {
    pub(crate) x3: X3Simulator,
    pub(crate) http: Client,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) async fn of(response: Response) -> Self {
        Self {
            status: response.status().as_u16(),
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The data below a package and node, which must be free of errors.
    pub(crate) fn data(&self, path: &str) -> Value {
        let json = self.json();
        assert_eq!(json.get("errors"), None, "{}", self.text);
        json["data"]
            .pointer(path)
            .unwrap_or_else(|| panic!("no {path} in {}", self.text))
            .clone()
    }

    /// The first error's message.
    pub(crate) fn error(&self) -> String {
        self.json()["errors"][0]["message"]
            .as_str()
            .unwrap_or_else(|| panic!("no error in {}", self.text))
            .to_owned()
    }
}

pub(crate) fn at_start() -> X3SimulatorBuilder {
    X3Simulator::builder().clock(Clock::manual(START.parse().unwrap()))
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::of(at_start()).await
    }

    pub(crate) async fn of(builder: X3SimulatorBuilder) -> Self {
        Self {
            x3: builder.start().await.unwrap(),
            http: Client::new(),
        }
    }

    pub(crate) fn seed(&self, customers: impl IntoIterator<Item = CustomerSeed>) {
        self.x3.seed_customers(DEFAULT_ENDPOINT, customers).unwrap();
    }

    pub(crate) fn post(&self) -> reqwest::RequestBuilder {
        self.http
            .post(self.x3.api_url())
            .basic_auth("sync", Some("x3-password"))
            .header("x-xtrem-endpoint", DEFAULT_ENDPOINT)
    }

    pub(crate) async fn ask_with(&self, query: &str, variables: Value) -> Reply {
        let body = json!({ "query": query, "variables": variables });
        Reply::of(self.post().json(&body).send().await.unwrap()).await
    }

    pub(crate) async fn ask(&self, query: &str) -> Reply {
        self.ask_with(query, json!({})).await
    }

    /// Sends a body as it is.
    pub(crate) async fn send(&self, body: impl Into<String>) -> Reply {
        let request = self
            .post()
            .header("content-type", "application/json")
            .body(body.into());
        Reply::of(request.send().await.unwrap()).await
    }

    /// The customers a filter and order give, as their `_id`s.
    pub(crate) async fn ids(&self, arguments: Value) -> Vec<String> {
        let reply = self.customers(arguments, "_id").await;
        let edges = reply.data("/x3MasterData/customer/query/edges");
        edges
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| edge["node"]["_id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A page of customers; `arguments` are those of `query`.
    pub(crate) async fn customers(&self, arguments: Value, fields: &str) -> Reply {
        let query = format!(
            "query C($filter: String, $orderBy: String, $first: Int, $after: String, $last: Int, $before: String) {{
               x3MasterData {{ customer {{
                 query(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {{
                   totalCount edges {{ cursor node {{ {fields} }} }}
                   pageInfo {{ startCursor endCursor hasNextPage hasPreviousPage }} }} }} }} }}"
        );
        self.ask_with(&query, arguments).await
    }

    pub(crate) async fn filtered(&self, filter: &str) -> Vec<String> {
        self.ids(json!({ "filter": filter })).await
    }

    pub(crate) async fn create(&self, data: Value) -> Reply {
        let query = "mutation M($data: Customer_Input!) { x3MasterData { customer { create(data: $data) { _id } } } }";
        self.ask_with(query, json!({ "data": data })).await
    }

    pub(crate) async fn update(&self, data: Value) -> Reply {
        let query = "mutation M($data: Customer_Input!) { x3MasterData { customer { update(data: $data) { _id } } } }";
        self.ask_with(query, json!({ "data": data })).await
    }

    pub(crate) fn stored(&self, code: &str) -> sage_x3_simulator::CustomerSnapshot {
        self.x3
            .customer(DEFAULT_ENDPOINT, code)
            .unwrap()
            .unwrap_or_else(|| panic!("no customer {code}"))
    }

    pub(crate) fn count(&self) -> usize {
        self.x3.customers(DEFAULT_ENDPOINT).unwrap().len()
    }
}

/// A customer's input with all that is mandatory.
pub(crate) fn input(code: &str, name: &str) -> Value {
    json!({ "code": code, "customerCategory": "STD", "companyName1": name, "country": "FR" })
}

/// `C001`, `C002` and so on.
pub(crate) fn numbered(count: usize) -> impl Iterator<Item = CustomerSeed> {
    (1..=count)
        .map(|number| CustomerSeed::new(&format!("C{number:03}"), &format!("Customer {number}")))
}
