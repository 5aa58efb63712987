//! Classic SOAP web services, `CAdxWebServiceXmlCC` (reference: 4.7).
//!
//! HTTP 200 with status 0 or 1, whatever the business logic says; HTTP 500 is for what is wrong with the server's set-up
//! or with the envelope.

mod layout;
mod object;

use std::sync::Arc;

use axum::extract::{Request, State as Shared_};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use roxmltree::{Document, Node as Element};

use crate::activation::Operation;
use crate::answer::{Answer, html_escaped};
use crate::api1::class::Class;
use crate::auth::{authenticate, user_code};
use crate::call::{self, Arrived, Call, header, taken};
use crate::diagnose::{Diagnose, Severity};
use crate::faults::{RequestKind, RequestShape};
use crate::json::Json;
use crate::record::{Id, Record, View};
use crate::settings::Settings;
use crate::state::{Shared, State};
use crate::write::Writer;

use layout::{LAYOUTS, Layout};
use object::{Rendering, SentObject};

const NAMESPACE: &str = "http://www.adonix.com/WSS";
const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// What an envelope asks for.
struct Asked {
    operation: String,
    pool: String,
    json: bool,
    public_name: String,
    keys: Vec<(String, String)>,
    object: String,
    list_size: usize,
}

impl Asked {
    fn parse(body: &str) -> Result<Self, String> {
        let document = Document::parse(body).map_err(|error| error.to_string())?;
        let body = document
            .root_element()
            .children()
            .find(|child| child.has_tag_name((ENVELOPE, "Body")))
            .ok_or("SOAP body missing")?;
        let call = body
            .children()
            .find(Element::is_element)
            .ok_or("SOAP operation missing")?;
        if call.tag_name().namespace() != Some(NAMESPACE) {
            return Err(format!("Operation not in {NAMESPACE}"));
        }
        let context = child(call, "callContext").ok_or("callContext missing")?;
        let config = text(context, "requestConfig");
        let keys = child(call, "objectKeys").map_or_else(Vec::new, |keys| {
            let items = keys.children().filter(Element::is_element);
            items
                .map(|item| (text(item, "key"), text(item, "value")))
                .collect()
        });
        Ok(Self {
            operation: call.tag_name().name().to_owned(),
            pool: text(context, "poolAlias"),
            json: config.split('&').any(|one| one == "adxwss.optreturn=JSON"),
            public_name: text(call, "publicName"),
            keys,
            object: text(call, "objectXml"),
            list_size: text(call, "listSize").parse().unwrap_or(0),
        })
    }
}

fn child<'a, 'b>(element: Element<'a, 'b>, name: &str) -> Option<Element<'a, 'b>> {
    let mut children = element.children();
    children.find(|child| child.is_element() && child.tag_name().name() == name)
}

fn text(element: Element<'_, '_>, name: &str) -> String {
    child(element, name).map_or_else(String::new, |child| {
        let texts = child.descendants().filter(Element::is_text);
        texts.filter_map(|text| text.text()).collect()
    })
}

/// Serves one call, faults included.
pub(crate) async fn serve(Shared_(shared): Shared_<Shared>, request: Request) -> Response {
    let (parts, body) = taken(request).await;
    let asked = Asked::parse(&String::from_utf8_lossy(&body));
    let shape = RequestShape {
        path: parts.uri.path().to_owned(),
        kind: asked.as_ref().ok().map(|asked| {
            if matches!(asked.operation.as_str(), "read" | "query") {
                RequestKind::Query
            } else {
                RequestKind::Mutation
            }
        }),
        operation_name: None,
        calls: asked
            .iter()
            .map(|asked| format!("{}.{}", asked.public_name, asked.operation))
            .collect(),
    };
    let arrived = Arrived {
        parts: &parts,
        bytes_in: body.len(),
        endpoint: None,
        shape,
    };
    call::serve(&shared, arrived, |call| {
        run(call, &shared, &parts, &asked, &body)
    })
    .await
}

fn run(
    call: &mut Call,
    shared: &Shared,
    parts: &Parts,
    asked: &Result<Asked, String>,
    body: &Bytes,
) -> Answer {
    let mut state = shared.lock();
    let settings = Arc::clone(&state.settings);
    let authorization = header(&parts.headers, "authorization");
    let login = match authenticate(&settings, authorization, call.at) {
        Ok(login) => login,
        Err(denied) => return Answer::plain_or_html(401, &denied.0),
    };
    call.user = Some(login.clone());
    if header(&parts.headers, "soapaction").is_none() {
        return fault("No SOAPAction header");
    }
    let asked = match asked {
        Ok(asked) => asked,
        Err(problem) => {
            return fault(&format!("{problem} ({} bytes)", body.len()));
        }
    };
    if !settings.soap_served {
        return Answer::plain_or_html(500, "No web services accepted");
    }
    let pool = settings
        .soap_pools
        .iter()
        .find(|pool| pool.alias == asked.pool && pool.started);
    let Some(pool) = pool else {
        let message = format!("No classic web service pool match to {}", asked.pool);
        return Answer::plain_or_html(500, &message);
    };
    let published = settings
        .soap_publications
        .iter()
        .find(|one| one.public_name == asked.public_name);
    let layout = published.and_then(|published| {
        LAYOUTS
            .iter()
            .find(|layout| layout.object == published.object)
    });
    let outcome = match layout {
        Some(layout) => {
            let service = Service {
                asked,
                layout,
                settings: &settings,
                user: &user_code(&login),
            };
            service.run(call, shared, &mut state, &pool.endpoint)
        }
        None => Outcome::failed(&format!("Web service {} not published", asked.public_name)),
    };
    outcome.answer(&asked.operation)
}

/// What an operation came to.
struct Outcome {
    succeeded: bool,
    messages: Vec<Diagnose>,
    result: String,
}

impl Outcome {
    fn failed(message: &str) -> Self {
        Self {
            succeeded: false,
            messages: vec![Diagnose::new(Severity::Error, message)],
            result: String::new(),
        }
    }

    fn found(result: String) -> Self {
        Self {
            succeeded: true,
            messages: Vec::new(),
            result,
        }
    }

    fn answer(&self, operation: &str) -> Answer {
        let messages: Vec<String> = self
            .messages
            .iter()
            .map(|one| {
                format!(
                    "<messages xsi:type=\"wss:CAdxMessage\"><message xsi:type=\"xsd:string\">{}</message><type xsi:type=\"xsd:string\">{}</type></messages>",
                    html_escaped(&one.message),
                    one.severity.number()
                )
            })
            .collect();
        let result = if self.result.contains("]]>") {
            html_escaped(&self.result)
        } else if self.result.is_empty() {
            String::new()
        } else {
            format!("<![CDATA[{}]]>", self.result)
        };
        let body = format!(
            "<wss:{operation}Response soapenv:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">\
             <{operation}Return xsi:type=\"wss:CAdxResultXml\">\
             <messages xsi:type=\"soapenc:Array\" soapenc:arrayType=\"wss:CAdxMessage[{}]\">{}</messages>\
             <resultXml xsi:type=\"xsd:string\">{result}</resultXml>\
             <status xsi:type=\"xsd:int\">{}</status>\
             <technicalInfos xsi:type=\"wss:CAdxTechnicalInfos\"><busy xsi:type=\"xsd:boolean\">false</busy></technicalInfos>\
             </{operation}Return></wss:{operation}Response>",
            messages.len(),
            messages.join(""),
            u8::from(self.succeeded),
        );
        Answer::xml(200, &envelope(&body))
    }
}

fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope xmlns:soapenv=\"{ENVELOPE}\" \
         xmlns:soapenc=\"http://schemas.xmlsoap.org/soap/encoding/\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:wss=\"{NAMESPACE}\"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
}

/// The envelope cannot be served.
fn fault(message: &str) -> Answer {
    let body = format!(
        "<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>{}</faultstring></soapenv:Fault>",
        html_escaped(message)
    );
    Answer::xml(500, &envelope(&body))
}

/// One call of a published object.
struct Service<'a> {
    asked: &'a Asked,
    layout: &'static Layout,
    settings: &'a Settings,
    user: &'a str,
}

impl Service<'_> {
    fn run(&self, call: &mut Call, shared: &Shared, state: &mut State, endpoint: &str) -> Outcome {
        match self.asked.operation.as_str() {
            "read" => self.read(call, state, endpoint),
            "query" => self.query(call, state, endpoint),
            "save" => self.write(call, shared, state, endpoint, Operation::Create),
            "modify" => self.write(call, shared, state, endpoint, Operation::Update),
            "delete" => self.delete(shared, state, endpoint),
            other => Outcome::failed(&format!("Operation {other} not implemented")),
        }
    }

    fn rendering<'a>(&self, view: View<'a>) -> Option<Rendering<'a>> {
        Some(Rendering {
            layout: self.layout,
            class: Class::find(self.layout.class, view.model, view.settings)?,
            view,
            json: self.asked.json,
        })
    }

    /// The value of the object's key.
    fn key(&self) -> &str {
        let keys = self.asked.keys.iter();
        let mut own = keys.filter(|(field, _)| field == self.layout.key);
        own.next().map_or("", |(_, value)| value.as_str())
    }

    fn held(&self, view: View<'_>) -> Option<Record> {
        view.by_key(view.model.node(self.layout.node)?, self.key())
    }

    fn missing(&self) -> Outcome {
        Outcome::failed(&format!("{} : Record does not exist", self.key()))
    }

    fn read(&self, call: &mut Call, state: &State, endpoint: &str) -> Outcome {
        let found = state.view(endpoint).and_then(|view| {
            let record = self.held(view)?;
            Some(self.rendering(view)?.record(&record))
        });
        match found {
            Some(result) => {
                call.tally.rows += 1;
                Outcome::found(result)
            }
            None => self.missing(),
        }
    }

    /// The list of the object: a `*` in a key stands for any text.
    fn query(&self, call: &mut Call, state: &State, endpoint: &str) -> Outcome {
        let Some(view) = state.view(endpoint) else {
            return self.missing();
        };
        let (Some(rendering), Some(node)) =
            (self.rendering(view), view.model.node(self.layout.node))
        else {
            return self.missing();
        };
        let mut rows: Vec<Record> = view
            .records(node)
            .filter(|record| {
                self.asked.keys.iter().all(|(field, wanted)| {
                    let value = rendering.class.value(field, record, view);
                    let text = match value
                        .map(|value| value.to_json(crate::settings::DecimalForm::Text))
                    {
                        Some(Json::Text(text)) => text,
                        Some(other) => other.print(),
                        None => return false,
                    };
                    wanted.is_empty() || fits(&text, wanted)
                })
            })
            .collect();
        rows.sort_by_key(|row| Id(row.key.to_string()));
        rows.truncate(self.asked.list_size);
        call.tally.rows += rows.len() as u64;
        Outcome::found(rendering.list(&rows))
    }

    fn write(
        &self,
        call: &mut Call,
        shared: &Shared,
        state: &mut State,
        endpoint: &str,
        operation: Operation,
    ) -> Outcome {
        let sent = match SentObject::parse(&self.asked.object) {
            Ok(sent) => sent,
            Err(problem) => return Outcome::failed(&problem),
        };
        let Some(view) = state.view(endpoint) else {
            return self.missing();
        };
        let held = self.held(view);
        if operation == Operation::Update && held.is_none() {
            return self.missing();
        }
        let held = held.filter(|_| operation == Operation::Update);
        let mut members = match sent.members(self.layout, held.as_ref(), view) {
            Ok(members) => members,
            Err(problem) => return Outcome::failed(&problem),
        };
        if let Some(held) = &held {
            members.insert(0, ("_id".to_owned(), Json::text(held.key.as_ref())));
        }
        let Some(node) = state.model.node(self.layout.node).map(Arc::clone) else {
            return self.missing();
        };
        let now = shared.stamp(self.settings);
        let data = Json::Object(members);
        let written = self.writer(state, endpoint, now, |writer| match operation {
            Operation::Create => writer.create(&node, &data),
            _ => writer.update(&node, &data),
        });
        let written = match written {
            Some(Ok(written)) => written,
            Some(Err(refused)) => {
                return Outcome {
                    succeeded: false,
                    messages: refused,
                    result: String::new(),
                };
            }
            None => return self.missing(),
        };
        call.tally.count(&node, operation, written.changed);
        let result = state.view(endpoint).and_then(|view| {
            let record = view.by_key(&node, &written.key)?;
            Some(self.rendering(view)?.record(&record))
        });
        let warning = call
            .warning(self.settings)
            .filter(|_| operation == Operation::Create)
            .map(|text| Diagnose::new(Severity::Warning, text));
        let said = written.warnings.into_iter().chain(written.diagnoses);
        Outcome {
            succeeded: true,
            messages: said.chain(warning).collect(),
            result: result.unwrap_or_default(),
        }
    }

    fn writer<T>(
        &self,
        state: &mut State,
        endpoint: &str,
        now: jiff::Timestamp,
        write: impl FnOnce(&mut Writer<'_>) -> T,
    ) -> Option<T> {
        let endpoint = state.endpoints.get_mut(endpoint)?;
        let mut writer = Writer {
            store: &mut endpoint.store,
            sequences: &mut endpoint.sequences,
            model: &state.model,
            settings: self.settings,
            now,
            user: self.user,
        };
        Some(write(&mut writer))
    }

    fn delete(&self, shared: &Shared, state: &mut State, endpoint: &str) -> Outcome {
        let now = shared.stamp(self.settings);
        let Some(node) = state.model.node(self.layout.node).map(Arc::clone) else {
            return self.missing();
        };
        match self.writer(state, endpoint, now, |writer| {
            writer.delete(&node, self.key())
        }) {
            Some(Ok(())) => Outcome::found(String::new()),
            Some(Err(refused)) => Outcome {
                succeeded: false,
                messages: refused,
                result: String::new(),
            },
            None => self.missing(),
        }
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn fits(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    let mut rest = rest;
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}
