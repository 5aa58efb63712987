//! The organisation, its users and its currencies (reference: zoho-crm-v8 section 8).

use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::{page_bounds, user_reference};
use crate::rows;
use crate::settings::{Currency, User};
use crate::world::World;

const SET_UP: &str = "2024-01-15T09:00:00+00:00";

/// `GET /org`.
pub(crate) fn org(world: &World) -> Answer {
    let (org, edition) = (&world.settings.org, world.settings.edition);
    let email = world.settings.users.first().map(|user| user.email.as_str());
    let paid = edition != crate::settings::Edition::Free;
    let row = object! {
        "id" => org.id.as_str(),
        "zgid" => org.zgid.as_str(),
        "company_name" => org.company_name.as_str(),
        "type" => "Production",
        "time_zone" => org.time_zone.as_str(),
        "currency" => org.currency.as_str(),
        "iso_code" => org.iso_code.as_str(),
        "currency_symbol" => org.currency_symbol.as_str(),
        "currency_locale" => format!("en_{}", org.country_code),
        "country" => org.country_code.as_str(),
        "country_code" => org.country_code.as_str(),
        "primary_email" => email,
        "primary_zuid" => "20090000001",
        "domain_name" => format!("org{}", org.zgid),
        "mc_status" => org.multi_currency,
        "gapps_enabled" => false,
        "translation_enabled" => false,
        "privacy_settings" => false,
        "hipaa_compliance_enabled" => false,
        "max_per_page" => 100,
        "created_time" => SET_UP,
        "license_details" => object! {
            "paid" => paid,
            "paid_type" => edition.paid_type(),
            "paid_expiry" => Json::Null,
            "trial_type" => Json::Null,
            "trial_expiry" => Json::Null,
            "trial_action" => Json::Null,
            "users_license_purchased" => world.settings.limits.user_licences,
        },
        "hierarchy_preferences" => object! { "type" => "Role_Hierarchy" },
    };
    Answer::json(200, object! { "org" => vec![row] })
}

/// `GET /users`.
pub(crate) fn users(world: &World, call: &Call) -> Result<Answer, Failure> {
    let bounds = page_bounds(call)?;
    let all = &world.settings.users;
    let wanted: Vec<&User> = match call.param("type") {
        None
        | Some(
            "AllUsers" | "ActiveUsers" | "AdminUsers" | "ConfirmedUsers" | "ActiveConfirmedUsers",
        ) => all.iter().collect(),
        Some("CurrentUser" | "ActiveConfirmedAdmins" | "CurrentUserOnly") => {
            all.iter().take(1).collect()
        }
        Some("DeactiveUsers" | "NotConfirmedUsers" | "DeletedUsers") => Vec::new(),
        Some(_) => return Err(Failure::invalid_param("type", Object::new())),
    };
    let rows = wanted.into_iter().map(render_user).collect();
    Ok(rows::page("users", rows, bounds))
}

/// `GET /users/{id}`.
pub(crate) fn user(world: &World, id: &str) -> Answer {
    match world.settings.user(id) {
        Some(user) => rows::page("users", vec![render_user(user)], (1, 1)),
        None => Answer::empty(204),
    }
}

fn render_user(user: &User) -> Json {
    Json::Object(object! {
        "id" => user.id.as_str(),
        "full_name" => user.full_name(),
        "first_name" => user.first_name.as_str(),
        "last_name" => user.last_name.as_str(),
        "email" => user.email.as_str(),
        "status" => "active",
        "confirm" => true,
        "zuid" => format!("2009{}", user.id.get(12..).unwrap_or_default()),
        "profile" => object! { "name" => "Administrator", "id" => "4876876000000026011" },
        "role" => object! { "name" => "CEO", "id" => "4876876000000026005" },
        "locale" => "en_US",
        "language" => "en_US",
        "country_locale" => "en_US",
        "date_format" => "MMM d, yyyy",
        "time_format" => "HH:mm",
        "created_time" => SET_UP,
        "Modified_Time" => SET_UP,
    })
}

/// `GET /org/currencies`.
pub(crate) fn currencies(world: &World) -> Result<Answer, Failure> {
    listed(render_currencies(world)?)
}

/// `GET /org/currencies/{id}`.
pub(crate) fn currency(world: &World, id: &str) -> Result<Answer, Failure> {
    let mut rows = render_currencies(world)?;
    rows.retain(|row| row.get("id").and_then(Json::as_str) == Some(id));
    listed(rows)
}

/// `GET /org/currencies/actions/available_currencies`.
pub(crate) fn available_currencies() -> Answer {
    let row = |iso_code: &str, name: &str, symbol: &str| {
        object! {
            "iso_code" => iso_code,
            "display_name" => name,
            "display_value" => format!("{name} - {iso_code}"),
            "symbol" => symbol,
            "decimal_separator" => "Period",
            "thousand_separator" => "Comma",
            "decimal_places" => "2",
        }
    };
    let rows = vec![
        row("CHF", "Swiss Franc", "CHF"),
        row("EUR", "Euro", "€"),
        row("GBP", "British Pound", "£"),
        row("USD", "US Dollar", "$"),
    ];
    Answer::json(200, object! { "available_currencies" => rows })
}

fn listed(rows: Vec<Json>) -> Result<Answer, Failure> {
    if rows.is_empty() {
        return Ok(Answer::empty(204));
    }
    Ok(Answer::json(200, object! { "currencies" => rows }))
}

fn render_currencies(world: &World) -> Result<Vec<Json>, Failure> {
    let org = &world.settings.org;
    if !world.settings.edition.has_multi_currency() {
        let message = "Multi currency is not available in your edition";
        return Err(Failure::new(
            403,
            "FEATURE_NOT_SUPPORTED",
            message,
            Object::new(),
        ));
    }
    if !org.multi_currency {
        return Err(Failure::new(
            403,
            "CURRENCIES_NOT_ENABLED",
            "Multi currency is not enabled",
            Object::new(),
        ));
    }
    let home = (
        org.iso_code.as_str(),
        org.currency.as_str(),
        org.currency_symbol.as_str(),
        "1.000000000",
        true,
    );
    let others = org.currencies.iter().map(|currency| {
        let Currency {
            iso_code,
            name,
            symbol,
            exchange_rate,
        } = currency;
        (
            iso_code.as_str(),
            name.as_str(),
            symbol.as_str(),
            exchange_rate.as_str(),
            false,
        )
    });
    let author = user_reference(world, &world.settings.screen_user(), false);
    Ok(std::iter::once(home)
        .chain(others)
        .enumerate()
        .map(|(position, (iso_code, name, symbol, rate, is_base))| {
            Json::Object(object! {
                "id" => format!("48768760000003{position:05}"),
                "iso_code" => iso_code,
                "name" => name,
                "symbol" => symbol,
                "is_base" => is_base,
                "is_active" => true,
                "prefix_symbol" => true,
                "exchange_rate" => rate,
                "format" => object! {
                    "decimal_separator" => "Period", "thousand_separator" => "Comma", "decimal_places" => "2",
                },
                "exchange_rate_auto_update" => false,
                "created_time" => SET_UP,
                "modified_time" => SET_UP,
                "created_by" => author.clone(),
                "modified_by" => author.clone(),
            })
        })
        .collect())
}
