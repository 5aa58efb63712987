//! The suppliers of an X3 endpoint.

mod writes;

use sage_x3_client::{
    AddressCode, ChangeSource, InvalidName, RecordId as X3Id, StampField, Supplier, X3Client,
};

use self::writes::SupplierWriter;
use super::{
    fields::{address_fields, code},
    node::NodeEndpoint,
    settings::CustomField,
    table::{NodeField, NodeTable},
};
use crate::{ids::FieldName, value::Value};

/// What messages call the records.
const PLURAL: &str = "suppliers";

/// The suppliers of an X3 endpoint. A record's identity is the supplier's code.
///
/// | field | value |
/// |---|---|
/// | `code`, `category`, `currency`, `country`, `language` | code |
/// | `billBySupplier`, `payToBusinessPartner`, `groupSupplier` | code |
/// | `companyName1`, `companyName2`, `shortCompanyName`, `europeanUnionVatNumber` | text, of the business partner |
/// | `ourCustomerNumber`, `location` | text |
/// | `isActive`, `isMultiLineOrder` | boolean; the first of the business partner |
/// | `address.code` and further fields of the default address, as customers have them | absent at sites that do not publish it |
/// | fields of the site | as configured |
///
/// Changes are found by the feeds `supplier` and `businessPartner`. A change of an address alone moves neither stamp, and no
/// node that is known leads from it to its supplier: the sweep notices it.
pub type SupplierEndpoint = NodeEndpoint<Supplier>;

impl SupplierEndpoint {
    /// The suppliers that `client` reaches.
    #[must_use]
    pub fn new(client: X3Client, settings: SupplierSettings) -> Self {
        let mut table = supplier_table()
            .custom_fields(settings.custom.iter().cloned())
            .mapped_fields(&settings.mapped);
        if let Some(stamp) = settings.stamp {
            for source in [ChangeSource::Supplier, ChangeSource::BusinessPartner] {
                table = table.stamp(source, stamp.clone());
            }
        }
        if let Some((updates, address_code)) = settings.writes {
            table = table.writer(SupplierWriter {
                suppliers: client.suppliers(),
                client: client.clone(),
                custom: settings.custom,
                category: settings.category,
                updates,
                address_code,
            });
        }
        Self::of(client, table)
    }
}

/// How the suppliers of a site are to be treated.
#[derive(Clone, Debug, Default)]
pub struct SupplierSettings {
    custom: Vec<CustomField>,
    mapped: Vec<FieldName>,
    stamp: Option<StampField>,
    category: Option<X3Id>,
    /// Whether suppliers are changed, and the code of the addresses that are made; none where nothing is written.
    writes: Option<(bool, AddressCode)>,
}

impl SupplierSettings {
    /// All suppliers, by `_updateStamp`, read only.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Suppliers may be changed. Sage's reference calls them read-only: the site must have defined the operation, or offer
    /// another path. Addresses that are made get the code `address_code`.
    #[must_use]
    pub fn with_updates(mut self, address_code: AddressCode) -> Self {
        self.writes = Some((true, address_code));
        self
    }

    /// Suppliers may be made as well, in the category with this code, which must have no sequence counter, because they are
    /// created under a chosen code. As for [`with_updates`](Self::with_updates), which it includes.
    ///
    /// # Errors
    /// [`InvalidName`] when `category` cannot be a code.
    pub fn create_in(self, category: &str, address_code: AddressCode) -> Result<Self, InvalidName> {
        let category = Some(X3Id::new(category)?);
        Ok(Self {
            category,
            ..self.with_updates(address_code)
        })
    }

    /// Also reads a field of the site, under its own name.
    #[must_use]
    pub fn custom_field(mut self, field: CustomField) -> Self {
        self.custom.push(field);
        self
    }

    /// Names the fields that the flow uses: see [`NodeTable::mapped_fields`].
    #[must_use]
    pub fn mapped_fields<'a>(mut self, fields: impl IntoIterator<Item = &'a FieldName>) -> Self {
        self.mapped = fields.into_iter().cloned().collect();
        self
    }

    /// Polls by another stamp than `_updateStamp`.
    #[must_use]
    pub fn stamp(mut self, stamp: StampField) -> Self {
        self.stamp = Some(stamp);
        self
    }
}

fn supplier_table() -> NodeTable<Supplier> {
    let mut fields = vec![
        at("code", "code.code", |it| Value::text(it.code.as_str())),
        at("category", "category.code", |it| code(it.category.as_ref())),
        at("currency", "currency.code", |it| code(it.currency.as_ref())),
        at("country", "code.country.code", |it| {
            code(it.country.as_ref())
        }),
        at("language", "code.language.code", |it| {
            code(it.language.as_ref())
        }),
        at("billBySupplier", "billBySupplier.code.code", |it| {
            code(it.bill_by_supplier.as_ref())
        }),
        at("payToBusinessPartner", "payToBusinessPartner.code", |it| {
            code(it.pay_to_business_partner.as_ref())
        }),
        at("groupSupplier", "groupSupplier.code.code", |it| {
            code(it.group_supplier.as_ref())
        }),
        text("companyName1", "code.companyName1", |it| &it.company_name_1),
        text("companyName2", "code.companyName2", |it| &it.company_name_2),
        text("shortCompanyName", "code.shortCompanyName", |it| {
            &it.short_company_name
        }),
        text(
            "europeanUnionVatNumber",
            "code.europeanUnionVatNumber",
            |it| &it.european_union_vat_number,
        ),
        text("ourCustomerNumber", "ourCustomerNumberForSupplier", |it| {
            &it.our_customer_number
        }),
        text("location", "location", |it| &it.location),
        at("isActive", "code.isActive", |it| it.is_active.into()),
        at("isMultiLineOrder", "isMultiLineOrder", |it| {
            it.is_multi_line_order.into()
        }),
    ];
    fields.extend(address_fields("addressByDefault", |supplier: &Supplier| {
        supplier.default_address.as_ref()
    }));
    NodeTable::new(
        PLURAL,
        "code",
        fields,
        |supplier| {
            let address = supplier.default_address.as_ref();
            let address = address.and_then(|address| address.updated_at);
            [supplier.updated_at, supplier.partner_updated_at, address]
                .into_iter()
                .max()
                .flatten()
        },
        |supplier| &supplier.extra,
    )
}

fn at(name: &'static str, path: &'static str, read: fn(&Supplier) -> Value) -> NodeField<Supplier> {
    NodeField::new(name, path, read)
}

fn text(
    name: &'static str,
    path: &'static str,
    read: fn(&Supplier) -> &String,
) -> NodeField<Supplier> {
    NodeField::new(name, path, move |it| Value::text(read(it).as_str()))
}
