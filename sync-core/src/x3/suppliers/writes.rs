//! Writing suppliers.

use async_trait::async_trait;
use sage_x3_client::{
    AddressCode, CountryCode, CurrencyCode, LanguageCode, NewSupplier, Offer, RecordId as X3Id,
    Supplier, SupplierCode, SupplierPatch, Suppliers, X3Client,
};

use super::PLURAL;
use crate::{
    endpoint::{Key, Problem, Rejection, Write, WriteError, Written},
    ids::RecordId,
    value::{Document, Value},
    x3::{
        addresses::{AddressChanges, default_addresses},
        error::rejection,
        fields::{Standard, as_boolean, as_code, standard, text},
        node::key_of,
        outcomes::{Ready, send},
        settings::CustomField,
        table::{NodeWriter, missing_operations, unknown_field},
    },
};

/// Writes suppliers.
#[derive(Debug)]
pub(super) struct SupplierWriter {
    pub(super) client: X3Client,
    pub(super) suppliers: Suppliers,
    pub(super) custom: Vec<CustomField>,
    /// Category of new suppliers; without it none are made.
    pub(super) category: Option<X3Id>,
    pub(super) updates: bool,
    /// Code of the addresses that are made.
    pub(super) address_code: AddressCode,
}

/// A write that can be sent when the default addresses are known.
enum Prepared {
    Create(Box<NewSupplier>, RecordId),
    Update(SupplierCode, Box<SupplierPatch>, AddressChanges),
}

#[async_trait]
impl NodeWriter for SupplierWriter {
    fn creates(&self) -> bool {
        self.category.is_some()
    }

    fn updates(&self) -> bool {
        self.updates
    }

    fn problems(&self, offer: &Offer) -> Vec<Problem> {
        let otherwise = "let suppliers go to Zoho only";
        let endpoint = self.client.endpoint();
        missing_operations(self, offer, endpoint, "Supplier", (otherwise, otherwise))
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        let prepared: Vec<Result<Prepared, Rejection>> =
            writes.iter().map(|write| self.prepare(write)).collect();
        let moved = prepared.iter().filter_map(|prepared| match prepared {
            Ok(Prepared::Update(code, _, address)) if !address.is_empty() => Some(code.clone()),
            _ => None,
        });
        let moved: Vec<SupplierCode> = moved.collect();
        let addresses = default_addresses(&self.suppliers, &moved, |supplier: &Supplier| {
            supplier.default_address.as_ref()
        })
        .await;
        let ready =
            prepared
                .into_iter()
                .map(|prepared| match prepared.map_err(WriteError::Rejected)? {
                    Prepared::Create(new, code) => Ok(Ready::Create(new, Some(code))),
                    Prepared::Update(code, patch, changes) => {
                        let new_code = self.address_code.clone();
                        let address = changes.of_default(&code, &addresses, new_code)?;
                        let patch = match address {
                            Some(address) => patch.address(address),
                            None => *patch,
                        };
                        Ok(if patch.is_empty() {
                            Ready::Nothing(code)
                        } else {
                            Ready::Update(code, Box::new(patch))
                        })
                    }
                });
        send(&self.suppliers, ready.collect()).await
    }
}

impl SupplierWriter {
    fn prepare(&self, write: &Write) -> Result<Prepared, Rejection> {
        match write {
            Write::Create { key, fields } => self.creation(key, fields),
            Write::Update { id, fields, .. } => {
                let code = key_of::<Supplier>(id)
                    .ok_or_else(|| rejection(None, format!("`{id}` is no code of a supplier")))?;
                let (patch, address) = self.values(fields)?;
                Ok(Prepared::Update(code, Box::new(patch), address))
            }
            Write::Delete { .. } => Err(rejection(
                None,
                "X3 offers no deletion of suppliers: deactivate them instead".to_owned(),
            )),
        }
    }

    fn creation(&self, key: &Key, fields: &Document) -> Result<Prepared, Rejection> {
        let Some(category) = &self.category else {
            return Err(rejection(
                None,
                "suppliers may not be created here".to_owned(),
            ));
        };
        if key.field.as_str() != "code" {
            let message = "X3 keeps only `code` unique, so suppliers are created under it alone";
            return Err(rejection(Some(key.field.as_str()), message.to_owned()));
        }
        let invalid =
            |error: sage_x3_client::InvalidName| rejection(Some("code"), error.to_string());
        let code = SupplierCode::new(key.value.as_str()).map_err(invalid)?;
        let (mut patch, address) = self.values(fields)?;
        // X3 wants a country for the business partner, and a supplier is where its address is.
        if let Some(country) = address
            .country()
            .filter(|_| fields.get("country").is_none())
        {
            patch = patch.country(country);
        }
        if let Some(address) = address
            .new_address(self.address_code.clone())
            .map_err(invalid)?
        {
            patch = patch.address(address);
        }
        let id = RecordId::from(code.as_str().to_uppercase());
        let new = NewSupplier::new(category.clone()).code(code).values(patch);
        Ok(Prepared::Create(Box::new(new), id))
    }

    fn values(&self, fields: &Document) -> Result<(SupplierPatch, AddressChanges), Rejection> {
        let mut patch = SupplierPatch::new();
        let mut address = AddressChanges::default();
        for (name, value) in fields.iter() {
            let name = name.as_str();
            let set = match standard(name) {
                Some(Standard::Address(field)) => address.set(field, value),
                _ => self.set(&patch, name, value).map(|changed| patch = changed),
            };
            set.map_err(|message| rejection(Some(name), message))?;
        }
        Ok((patch, address))
    }

    fn set(
        &self,
        patch: &SupplierPatch,
        name: &str,
        value: &Value,
    ) -> Result<SupplierPatch, String> {
        let patch = patch.clone();
        Ok(match name {
            "companyName1" => patch.company_name_1(text(value)?),
            "companyName2" => patch.company_name_2(text(value)?),
            "shortCompanyName" => patch.short_company_name(text(value)?),
            "europeanUnionVatNumber" => patch.european_union_vat_number(text(value)?),
            "ourCustomerNumber" => patch.our_customer_number(text(value)?),
            "country" => patch.country(as_code::<CountryCode>(value)?),
            "language" => patch.language(as_code::<LanguageCode>(value)?),
            "currency" => patch.currency(as_code::<CurrencyCode>(value)?),
            "isActive" => patch.is_active(as_boolean(value)?),
            "code" | "address.code" => return Err("a code cannot be changed".to_owned()),
            _ => {
                let mut custom = self.custom.iter();
                let field = custom
                    .find(|field| field.name.as_str() == name)
                    .ok_or_else(|| unknown_field(PLURAL, name))?;
                patch.extra(field.name.clone(), field.kind.scalar(value)?)
            }
        })
    }
}
