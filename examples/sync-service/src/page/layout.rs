//! The frame of every view.

use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::{
    Page, form,
    session::{Notice, Session},
};

/// Which part of the page a view belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Overview,
    Parked,
    Pairs,
    Audit,
    Plans,
}

const PARTS: [(Part, &str, &str); 5] = [
    (Part::Overview, "/", "Overview"),
    (Part::Parked, "/parked", "Parked"),
    (Part::Pairs, "/pair", "Pairs"),
    (Part::Audit, "/audit", "Audit"),
    (Part::Plans, "/plans", "First sync"),
];

/// A view inside the frame.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) part: Part,
    pub(super) title: &'a str,
    /// Loads itself anew after so many seconds, if the person asked for it.
    pub(super) refresh: Option<u32>,
    pub(super) content: Markup,
}

impl<'a> View<'a> {
    pub(super) fn new(part: Part, title: &'a str, content: Markup) -> Self {
        Self {
            part,
            title,
            refresh: None,
            content,
        }
    }

    pub(super) fn refresh(mut self, seconds: Option<u32>) -> Self {
        self.refresh = seconds;
        self
    }

    /// The whole document, with what is to be told to this session.
    pub(super) fn answer(self, page: &Page, session: &Session) -> Response {
        let notice = page.sessions.take_notice(session);
        let content = html! {
            a.skip href="#main" { "Skip to the content" }
            header.top {
                p.brand { "Sage X3 " span aria-hidden="true" { "⇄" } span.unseen { "and" } " Zoho CRM" }
                nav aria-label="Main" {
                    ul {
                        @for (part, address, name) in PARTS {
                            li {
                                @if part == self.part {
                                    a href=(address) aria-current="page" { (name) }
                                } @else {
                                    a href=(address) { (name) }
                                }
                            }
                        }
                    }
                }
                form.leave method="post" action="/logout" {
                    (form::token(session))
                    button.plain { "Sign out" }
                }
            }
            main #main tabindex="-1" {
                h1 { (self.title) }
                @match notice {
                    Some(Notice::Done(text)) => p.notice.good role="status" { (text) },
                    Some(Notice::Failed(text)) => p.notice.bad role="alert" { (text) },
                    None => {},
                }
                (self.content)
            }
        };
        Html(document(self.title, self.refresh, &content).into_string()).into_response()
    }
}

/// A document without the frame, for those who are not inside.
pub(super) fn bare(title: &str, content: &Markup) -> Html<String> {
    let content = html! {
        main #main.narrow {
            h1 { (title) }
            (content)
        }
    };
    Html(document(title, None, &content).into_string())
}

fn document(title: &str, refresh: Option<u32>, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                @if let Some(seconds) = refresh {
                    meta http-equiv="refresh" content=(seconds);
                }
                title { (title) " – sync-service" }
                link rel="stylesheet" href="/assets/style.css";
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
            }
            body { (content) }
        }
    }
}
