//! Creating and changing customers.

use super::Customers;
use crate::{
    error::Error,
    graphql::node_path::NodePath,
    ids::{CustomerCode, RecordId},
    model::{CustomerPatch, NewCustomer},
    outcome::{Batch, Outcome},
    write::{WriteAction, WriteKind, WriteRow, single},
};

impl Customers {
    /// Creates one customer and gives its code.
    ///
    /// May be repeated: no. It is sent again only when the first attempt surely had no effect. After an error whose
    /// [`may_have_been_applied`](Error::may_have_been_applied) is true, look the code up before anything else.
    ///
    /// # Errors
    /// [`Error::Rejected`] when X3 does not accept the customer; [`Error::NotActivated`] when the site does not offer
    /// `customer.create` to this user.
    pub async fn create(&self, new: &NewCustomer) -> Result<Outcome<CustomerCode>, Error> {
        let batch = self.create_many(std::slice::from_ref(new)).await;
        single(&self.client, CREATE.operation, batch)
    }

    /// Creates several customers, [`SiteConfig::write_batch`](crate::SiteConfig::write_batch) a request, and tells for
    /// each what became of it.
    ///
    /// May be repeated: no, as for [`create`](Self::create). When a request fails as a whole, those after it are not
    /// sent.
    ///
    /// A refused customer whose code was chosen is looked up by that code, because X3's messages are localised: if it
    /// is there, the refusal is [`RecordErrorKind::AlreadyExists`](crate::RecordErrorKind::AlreadyExists).
    pub async fn create_many(&self, new: &[NewCustomer]) -> Batch<CustomerCode> {
        let rows: Vec<WriteRow> = new
            .iter()
            .map(|new| WriteRow {
                key: new.chosen_code().map(RecordId::from),
                input: new.to_input(self.client.site().company_names),
            })
            .collect();
        self.client
            .write_rows(CREATE, &rows)
            .await
            .map(CustomerCode::from)
    }

    /// Changes one customer to the stated values.
    ///
    /// May be repeated: yes, the second time changes nothing more.
    ///
    /// # Errors
    /// As for [`create`](Self::create).
    pub async fn update(
        &self,
        code: &CustomerCode,
        patch: &CustomerPatch,
    ) -> Result<Outcome<CustomerCode>, Error> {
        let batch = self.update_many(&[(code.clone(), patch.clone())]).await;
        single(&self.client, UPDATE.operation, batch)
    }

    /// Changes several customers, [`SiteConfig::write_batch`](crate::SiteConfig::write_batch) a request, and tells for
    /// each what became of it.
    ///
    /// May be repeated: yes. When a request fails as a whole, those after it are not sent. A refused customer that does
    /// not exist is told apart by a look-up: [`RecordErrorKind::NotFound`](crate::RecordErrorKind::NotFound).
    pub async fn update_many(
        &self,
        patches: &[(CustomerCode, CustomerPatch)],
    ) -> Batch<CustomerCode> {
        let rows: Vec<WriteRow> = patches
            .iter()
            .map(|(code, patch)| WriteRow {
                key: Some(code.into()),
                input: patch.to_update_input(code, self.client.site().company_names),
            })
            .collect();
        self.client
            .write_rows(UPDATE, &rows)
            .await
            .map(CustomerCode::from)
    }
}

static NODE: NodePath = NodePath::new("x3MasterData", "customer");

static CREATE: WriteKind<'static> = WriteKind {
    node: &NODE,
    action: WriteAction::Create,
    operation: "customer.create",
    key_path: Some("code.code"),
};
static UPDATE: WriteKind<'static> = WriteKind {
    node: &NODE,
    action: WriteAction::Update,
    operation: "customer.update",
    key_path: Some("code.code"),
};
