//! Settings of the organisation (reference: Zoho v8 section 8 and OAS25, read 2026-11).

use serde::Deserialize;

use super::{Failure, Outgoing, Received, outgoing::module_path};
use crate::{
    api_error::ApiError,
    client::ZohoClient,
    error::Error,
    model::{
        Currency, CustomView, DuplicateCheckPreference, FieldMeta, GlobalPicklist, Layout,
        ModuleMeta, NewField, Organization, PickListValue, Pipeline, RelatedListMeta, User,
        UserKind,
    },
    names::{ModuleName, RecordId},
};

/// Settings of the organisation. Each call costs 1 credit, a created field 10.
///
/// Names that are not there, hidden, or not in this edition are answered with [`Error::Api`] and the code
/// `INVALID_MODULE`.
#[derive(Clone, Debug)]
pub struct Metadata {
    client: ZohoClient,
}

impl Metadata {
    pub(crate) fn new(client: ZohoClient) -> Self {
        Self { client }
    }

    /// The modules that this user can see.
    ///
    /// # Errors
    /// As any call.
    pub async fn modules(&self) -> Result<Vec<ModuleMeta>, Error> {
        let request = Outgoing::get("zoho.settings.modules", "/settings/modules");
        self.client.send(request, parse_modules).await
    }

    /// One module; `None` when Zoho has nothing to say of it.
    ///
    /// # Errors
    /// As any call.
    pub async fn module(&self, module: impl Into<ModuleName>) -> Result<Option<ModuleMeta>, Error> {
        const OPERATION: &str = "zoho.settings.module";
        let path = module_path(OPERATION, &module.into())?;
        let request = Outgoing::get(OPERATION, &format!("/settings/modules{path}"));
        let modules = self.client.send(request, parse_modules).await?;
        Ok(modules.into_iter().next())
    }

    /// The fields of a module, custom ones included.
    ///
    /// # Errors
    /// As any call.
    pub async fn fields(&self, module: impl Into<ModuleName>) -> Result<Vec<FieldMeta>, Error> {
        let request = of_module("zoho.settings.fields", "/settings/fields", &module.into());
        self.client.send(request, parse_fields).await
    }

    /// One field; `None` when Zoho has nothing to say of it.
    ///
    /// # Errors
    /// As any call.
    pub async fn field(
        &self,
        module: impl Into<ModuleName>,
        field: &RecordId,
    ) -> Result<Option<FieldMeta>, Error> {
        let path = format!("/settings/fields/{field}");
        let request = of_module("zoho.settings.field", &path, &module.into());
        let fields = self.client.send(request, parse_fields).await?;
        Ok(fields.into_iter().next())
    }

    /// Creates a custom field and returns its id; [`field`](Self::field) then tells the API name that Zoho gave it.
    /// Sent once: a field whose answer is lost may have been created.
    ///
    /// # Errors
    /// [`Error::Api`] with `DUPLICATE_DATA` when the label is taken, `LIMIT_EXCEEDED` when the edition allows no more,
    /// `NO_PERMISSION` when the user may not change settings (scope `ZohoCRM.settings.fields.CREATE`).
    pub async fn create_field(
        &self,
        module: impl Into<ModuleName>,
        field: &NewField,
    ) -> Result<RecordId, Error> {
        let request = create_field_request(&module.into(), field)?;
        self.client.send(request, parse_created_field).await
    }

    /// The values of a picklist, those that are not offered any more included.
    ///
    /// # Errors
    /// As any call.
    pub async fn pick_list_values(
        &self,
        module: impl Into<ModuleName>,
        field: &RecordId,
    ) -> Result<Vec<PickListValue>, Error> {
        let path = format!("/settings/fields/{field}/pick_list_values");
        let request = of_module("zoho.settings.pick_list_values", &path, &module.into());
        self.client.send(request, parse_pick_list_values).await
    }

    /// The picklists that fields of several modules share, without their values.
    ///
    /// # Errors
    /// As any call.
    pub async fn global_picklists(&self) -> Result<Vec<GlobalPicklist>, Error> {
        let request = Outgoing::get(
            "zoho.settings.global_picklists",
            "/settings/global_picklists",
        );
        self.client.send(request, parse_global_picklists).await
    }

    /// One of these picklists with its values; `None` when it is not there.
    ///
    /// # Errors
    /// As any call.
    pub async fn global_picklist(&self, id: &RecordId) -> Result<Option<GlobalPicklist>, Error> {
        let path = format!("/settings/global_picklists/{id}");
        let request = Outgoing::get("zoho.settings.global_picklist", &path);
        let picklists = self.client.send(request, parse_global_picklists).await?;
        Ok(picklists.into_iter().next())
    }

    /// The layouts of a module: which fields must be filled in, beyond those that the system demands.
    ///
    /// # Errors
    /// As any call.
    pub async fn layouts(&self, module: impl Into<ModuleName>) -> Result<Vec<Layout>, Error> {
        let request = of_module("zoho.settings.layouts", "/settings/layouts", &module.into());
        self.client.send(request, parse_layouts).await
    }

    /// The related lists of a module.
    ///
    /// # Errors
    /// As any call.
    pub async fn related_lists(
        &self,
        module: impl Into<ModuleName>,
    ) -> Result<Vec<RelatedListMeta>, Error> {
        let path = "/settings/related_lists";
        let request = of_module("zoho.settings.related_lists", path, &module.into());
        self.client.send(request, parse_related_lists).await
    }

    /// The custom views of a module, all pages of them.
    ///
    /// # Errors
    /// As any call.
    pub async fn custom_views(
        &self,
        module: impl Into<ModuleName>,
    ) -> Result<Vec<CustomView>, Error> {
        let module = module.into();
        let path = "/settings/custom_views";
        let page = |number| {
            paged(
                of_module("zoho.settings.custom_views", path, &module),
                number,
            )
        };
        let mut views = Vec::new();
        for number in 1.. {
            let (found, more) = self.client.send(page(number), parse_custom_views).await?;
            let end = found.is_empty() || !more;
            views.extend(found);
            if end {
                break;
            }
        }
        Ok(views)
    }

    /// The pipelines of a layout of `Deals`, with their stages.
    ///
    /// # Errors
    /// As any call.
    pub async fn pipelines(&self, layout: &RecordId) -> Result<Vec<Pipeline>, Error> {
        let request = Outgoing::get("zoho.settings.pipelines", "/settings/pipeline")
            .query("layout_id", layout.as_str());
        self.client.send(request, parse_pipelines).await
    }

    /// With which records of other modules new records of this one are compared; `None` when with none.
    ///
    /// # Errors
    /// As any call.
    pub async fn duplicate_check_preference(
        &self,
        module: impl Into<ModuleName>,
    ) -> Result<Option<DuplicateCheckPreference>, Error> {
        let path = "/settings/duplicate_check_preference";
        let request = of_module("zoho.settings.duplicate_check", path, &module.into());
        self.client.send(request, parse_duplicate_check).await
    }

    /// The organisation.
    ///
    /// # Errors
    /// As any call.
    pub async fn org(&self) -> Result<Organization, Error> {
        let request = Outgoing::get("zoho.org", "/org");
        self.client.send(request, parse_org).await
    }

    /// The users of a kind, all pages of them.
    ///
    /// # Errors
    /// As any call.
    pub async fn users(&self, kind: UserKind) -> Result<Vec<User>, Error> {
        let page = |number| {
            let request = Outgoing::get("zoho.users", "/users").query("type", kind.as_str());
            paged(request, number)
        };
        let mut users = Vec::new();
        for number in 1.. {
            let (found, more) = self.client.send(page(number), parse_users).await?;
            let end = found.is_empty() || !more;
            users.extend(found);
            if end {
                break;
            }
        }
        Ok(users)
    }

    /// One user; `None` when there is no such user.
    ///
    /// # Errors
    /// As any call.
    pub async fn user(&self, id: &RecordId) -> Result<Option<User>, Error> {
        let request = Outgoing::get("zoho.user", &format!("/users/{id}"));
        let (users, _) = self.client.send(request, parse_users).await?;
        Ok(users.into_iter().next())
    }

    /// The currencies that records may be in.
    ///
    /// # Errors
    /// [`Error::Api`] with `CURRENCIES_NOT_ENABLED`, `FEATURE_NOT_ENABLED` or `FEATURE_NOT_SUPPORTED` when there is only
    /// the organisation's own ([`Organization::iso_code`]).
    pub async fn currencies(&self) -> Result<Vec<Currency>, Error> {
        let request = Outgoing::get("zoho.org.currencies", "/org/currencies");
        self.client.send(request, parse_currencies).await
    }
}

fn of_module(operation: &'static str, path: &str, module: &ModuleName) -> Outgoing {
    Outgoing::get(operation, path)
        .of_module(module)
        .query("module", module.as_str())
}

/// Most rows of a page of users or custom views.
const PAGE_SIZE: &str = "200";

fn paged(request: Outgoing, number: u32) -> Outgoing {
    request
        .query("page", number.to_string())
        .query("per_page", PAGE_SIZE)
}

fn create_field_request(module: &ModuleName, field: &NewField) -> Result<Outgoing, Error> {
    #[derive(serde::Serialize)]
    struct Body<'a> {
        fields: [&'a NewField; 1],
    }
    Outgoing::change(
        "zoho.settings.create_field",
        http::Method::POST,
        "/settings/fields",
    )
    .of_module(module)
    .credits(10)
    .query("module", module.as_str())
    .json(&Body { fields: [field] })
}

fn parse_created_field(received: &Received) -> Result<RecordId, Failure> {
    #[derive(Deserialize)]
    struct Body {
        fields: Vec<serde_json::Value>,
    }
    #[derive(Deserialize)]
    struct Created {
        details: Details,
    }
    #[derive(Deserialize)]
    struct Details {
        id: RecordId,
    }
    let body = received.body::<Body>().map_err(|failure| match failure {
        Failure::Decode(_) => received.failure(),
        other => other,
    })?;
    let row = body.fields.into_iter().next().unwrap_or_default();
    if let Some(error) = ApiError::from_body(&row) {
        return Err(Failure::Api(error));
    }
    serde_json::from_value::<Created>(row)
        .map(|created| created.details.id)
        .map_err(|_| Failure::Inconsistent("Zoho names no id of the field".to_owned()))
}

/// Parsers of answers that hold one list under one key; nothing there is an empty list.
macro_rules! listings {
    ($($parse:ident: $key:ident of $row:ty;)*) => {$(
        fn $parse(received: &Received) -> Result<Vec<$row>, Failure> {
            #[derive(Deserialize)]
            struct Body {
                $key: Vec<$row>,
            }
            Ok(received.json::<Body>()?.map_or_else(Vec::new, |body| body.$key))
        }
    )*};
}

listings! {
    parse_modules: modules of ModuleMeta;
    parse_fields: fields of FieldMeta;
    parse_pick_list_values: pick_list_values of PickListValue;
    parse_global_picklists: global_picklists of GlobalPicklist;
    parse_layouts: layouts of Layout;
    parse_related_lists: related_lists of RelatedListMeta;
    parse_pipelines: pipeline of Pipeline;
    parse_organizations: org of Organization;
    parse_currencies: currencies of Currency;
}

#[derive(Deserialize)]
struct PageInfo {
    #[serde(default)]
    more_records: bool,
}

/// Parsers of answers that hold a page of a list under one key; nothing there is an empty last page.
macro_rules! pages {
    ($($parse:ident: $key:ident of $row:ty;)*) => {$(
        fn $parse(received: &Received) -> Result<(Vec<$row>, bool), Failure> {
            #[derive(Deserialize)]
            struct Body {
                $key: Vec<$row>,
                info: Option<PageInfo>,
            }
            Ok(received.json::<Body>()?.map_or_else(Default::default, |body| {
                (body.$key, body.info.is_some_and(|info| info.more_records))
            }))
        }
    )*};
}

pages! {
    parse_custom_views: custom_views of CustomView;
    parse_users: users of User;
}

fn parse_org(received: &Received) -> Result<Organization, Failure> {
    let first = parse_organizations(received)?.into_iter().next();
    first.ok_or_else(|| Failure::Inconsistent("Zoho names no organisation".to_owned()))
}

fn parse_duplicate_check(received: &Received) -> Result<Option<DuplicateCheckPreference>, Failure> {
    #[derive(Deserialize)]
    struct Body {
        duplicate_check_preference: Option<DuplicateCheckPreference>,
    }
    let body = received.json::<Body>()?;
    Ok(body.and_then(|body| body.duplicate_check_preference))
}

#[cfg(test)]
mod tests;
