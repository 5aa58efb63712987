//! X3 contacts of customers and Zoho contacts.
//!
//! | row | X3 | Zoho | direction | conflict |
//! |---|---|---|---|---|
//! | `key` | `id` | the key field, `X3_Code` | to Zoho | |
//! | `account` | `businessPartner` | `Account_Name` | to Zoho, or both | X3 |
//! | `first_name` | `firstName` | `First_Name` | to Zoho, or both | X3 |
//! | `last_name` | `lastName` | `Last_Name` | to Zoho, or both | X3 |
//! | `title` | `function` | `Title` | to Zoho | |
//! | `phone` | `phoneNumber` | `Phone` | to Zoho, or both | newest |
//! | `mobile` | `mobileNumber` | `Mobile` | to Zoho, or both | newest |
//! | `email` | `email` | `Email` | to Zoho, or both | newest |
//!
//! A contact waits until flow [`customers`](super::customers) has paired its customer. Page: `docs/flows/contacts.md` of
//! this crate.

use crate::{
    flow::{CreateRule, Identity, KeyRule, MatchRule, Mode, Policy},
    ids::FlowName,
    mapping::{ConflictRule, Direction, Kind, Mapping, MappingError, PersonalData, Row},
    side::{Side, Sides},
};

/// What differs from site to site.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ContactOptions {
    /// Zoho's unique custom field that holds X3's key of the contact.
    pub zoho_key_field: String,
    /// The flow whose pairs the account belongs to.
    pub customers: FlowName,
    /// Whether changes at Zoho reach X3, where its endpoint can change contacts.
    pub both_ways: bool,
    /// With both ways, whether contacts of accounts are made in X3, where its endpoint can make them.
    pub create_in_x3: bool,
    /// What codes of contacts made from Zoho's begin with, in capitals.
    pub code_prefix: String,
    /// Characters that X3 keeps of an e-mail address.
    pub email_length: usize,
}

impl Default for ContactOptions {
    /// `X3_Code`, flow `customers`, to Zoho only, prefix `Z`, 80 characters.
    fn default() -> Self {
        Self {
            zoho_key_field: "X3_Code".to_owned(),
            customers: FlowName::from("customers"),
            both_ways: false,
            create_in_x3: false,
            code_prefix: "Z".to_owned(),
            email_length: 80,
        }
    }
}

/// The table above.
///
/// # Errors
/// [`MappingError`] when the options name one Zoho field twice.
pub fn mapping(options: &ContactOptions) -> Result<Mapping, MappingError> {
    let direction = if options.both_ways {
        Direction::Both
    } else {
        Direction::ToRight
    };
    let text = |name: &str, left: &str, right: &str| {
        Row::new(name, left, right, Kind::Text)
            .direction(direction)
            .rule(ConflictRule::Newest)
    };
    let reached = |name: &str, left: &str, right: &str, x3_length| {
        text(name, left, right)
            .max_length(Side::Left, x3_length)
            .personal(PersonalData::Contact)
    };
    let account = Kind::Reference {
        flow: options.customers.clone(),
    };
    let key = options.zoho_key_field.as_str();
    Mapping::new(vec![
        Row::new("key", "id", key, Kind::Text).direction(Direction::ToRight),
        Row::new("account", "businessPartner", "Account_Name", account)
            .direction(direction)
            .rule(ConflictRule::Left),
        text("first_name", "firstName", "First_Name")
            .rule(ConflictRule::Left)
            .max_length(Side::Left, 35)
            .max_length(Side::Right, 40)
            .personal(PersonalData::Name),
        text("last_name", "lastName", "Last_Name")
            .rule(ConflictRule::Left)
            .max_length(Side::Left, 35)
            .max_length(Side::Right, 80)
            .required(Side::Right)
            .personal(PersonalData::Name),
        text("title", "function", "Title")
            .direction(Direction::ToRight)
            .max_length(Side::Right, 100),
        reached("phone", "phoneNumber", "Phone", 20).max_length(Side::Right, 30),
        reached("mobile", "mobileNumber", "Mobile", 20).max_length(Side::Right, 30),
        reached("email", "email", "Email", options.email_length).max_length(Side::Right, 100),
    ])
}

/// How contacts find each other: by key, then by e-mail address and last name.
#[must_use]
pub fn identity(options: &ContactOptions) -> Identity {
    Identity {
        keys: Sides::new(
            if options.both_ways {
                KeyRule::compact("code", options.code_prefix.as_str())
            } else {
                super::never_created("code")
            },
            KeyRule::plain(options.zoho_key_field.as_str()),
        ),
        matching: vec![MatchRule::on(["email", "last_name"])],
    }
}

/// Contacts are made at Zoho, and, if that is asked for, those of accounts in X3. Unless both ways are asked for, X3 is
/// copied.
#[must_use]
pub fn policy(options: &ContactOptions) -> Policy {
    let made_in_x3 = if options.both_ways && options.create_in_x3 {
        CreateRule::WhenSet {
            row: "account".into(),
        }
    } else {
        CreateRule::Never
    };
    Policy {
        create: Sides::new(made_in_x3, CreateRule::Always),
        mode: if options.both_ways {
            Mode::TwoWay
        } else {
            Mode::Mirror { owner: Side::Left }
        },
        ..Policy::default()
    }
}
