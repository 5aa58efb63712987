//! Small things that several views show.

use std::time::Duration;

use jiff::Timestamp;
use maud::{Markup, html};
use sync_core::{FlowName, JobKey, RecordId, Side, Sides, Value};

use super::form;
use crate::words::system;

/// A time in words, with the exact one for machines.
pub(super) fn ago(now: Timestamp, at: Option<Timestamp>) -> Markup {
    let Some(at) = at else {
        return html! { span.faint { "never" } };
    };
    let distance = Duration::try_from(now.duration_since(at).abs()).unwrap_or_default();
    let words = if at <= now {
        format!("{} ago", span(distance))
    } else {
        format!("in {}", span(distance))
    };
    html! { time datetime=(at) title=(moment(at)) { (words) } }
}

/// A time to the second, in UTC.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A time to the second, for tables.
pub(super) fn exact(at: Timestamp) -> Markup {
    html! { time.exact datetime=(at) { (moment(at)) } }
}

/// A length of time in its two largest units.
pub(super) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match () {
        () if days > 0 => format!("{days} d {} h", hours % 24),
        () if hours > 0 => format!("{hours} h {} min", minutes % 60),
        () if minutes > 0 => format!("{minutes} min"),
        () => format!("{seconds} s"),
    }
}

/// A count with its thousands apart.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A value of a record. It is foreign text: it is kept apart from its surroundings in both directions of writing.
pub(super) fn value(shown: &Value) -> Markup {
    match shown {
        Value::Null => html! { span.faint { "empty" } },
        Value::List(values) => html! {
            ol.values {
                @for each in values { li { (value(each)) } }
            }
        },
        Value::Fields(fields) => html! {
            @for (name, each) in fields.iter() {
                span.field { span.faint { (name) ": " } (value(each)) " " }
            }
        },
        Value::Boolean(true) => html! { "yes" },
        Value::Boolean(false) => html! { "no" },
        other => html! { bdi.value { (other) } },
    }
}

/// A value that may be absent.
pub(super) fn maybe(shown: Option<&Value>) -> Markup {
    match shown {
        Some(shown) => value(shown),
        None => html! { span.faint title="this system has no such value" { "–" } },
    }
}

/// A link to a pair, by one of its records.
pub(super) fn pair_link(flow: &FlowName, side: Side, id: &RecordId) -> Markup {
    let key = JobKey {
        flow: flow.clone(),
        side,
        id: id.clone(),
    };
    html! {
        a.record href=(form::address("/pair", &key, &[])) { (system(side)) " " bdi { (id) } }
    }
}

/// Links to a pair by whatever is known of it.
pub(super) fn pair_links(flow: &FlowName, ids: &Sides<Option<RecordId>>) -> Markup {
    let known = Side::BOTH.map(|side| ids.get(side).as_ref().map(|id| (side, id)));
    html! {
        @for (place, (side, id)) in known.into_iter().flatten().enumerate() {
            @if place > 0 { br; }
            (pair_link(flow, side, id))
        }
    }
}

/// A word that says how something stands. Colour only repeats it.
pub(super) fn badge(kind: Kind, text: &str) -> Markup {
    let class = match kind {
        Kind::Good => "badge good",
        Kind::Care => "badge care",
        Kind::Bad => "badge bad",
        Kind::Plain => "badge",
    };
    html! { span class=(class) { (text) } }
}

/// What a badge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Good,
    Care,
    Bad,
    Plain,
}

/// A table that can be scrolled sideways, by keyboard too.
pub(super) fn table(label: &str, content: &Markup) -> Markup {
    html! {
        div.scroll role="region" aria-label=(label) tabindex="0" {
            table { caption.unseen { (label) } (content) }
        }
    }
}

/// Which flow is meant, as a choice in a form.
pub(super) fn flow_choice<'a>(
    flows: impl IntoIterator<Item = &'a FlowName>,
    chosen: &str,
) -> Markup {
    html! {
        select #flow name="flow" {
            @for flow in flows {
                option value=(flow) selected[flow.as_str() == chosen] { (flow) }
            }
        }
    }
}

/// Which system is meant, as a choice in a form.
pub(super) fn side_choice(chosen: &str) -> Markup {
    html! {
        select #side name="side" {
            @for side in Side::BOTH {
                option value=(side) selected[side.as_str() == chosen] { (system(side)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_counts_are_read_at_a_glance() {
        let span = |seconds| span(Duration::from_secs(seconds));
        assert_eq!(
            [span(42), span(60), span(3_661), span(90_000)],
            ["42 s", "1 min", "1 h 1 min", "1 d 1 h"]
        );
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(999), "999");
        let now = Timestamp::from_second(1_000_000).unwrap();
        let later = Timestamp::from_second(1_000_120).unwrap();
        assert!(ago(now, Some(later)).into_string().contains("in 2 min"));
        assert!(ago(later, Some(now)).into_string().contains("2 min ago"));
    }

    #[test]
    fn what_records_hold_is_never_markup() {
        let text = Value::text("<script>alert(1)</script>\" onload=x");
        let nested = Value::List(vec![Value::Fields(
            sync_core::Document::new().with("<b>", text.clone()),
        )]);
        for shown in [
            value(&text),
            value(&nested),
            pair_link(&"<i>".into(), Side::Left, &"<u>".into()),
        ] {
            let html = shown.into_string();
            for markup in ["<script", "<b>", "<i>", "<u>", "\" onload"] {
                assert!(!html.contains(markup), "{html}");
            }
        }
    }
}
