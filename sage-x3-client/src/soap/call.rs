//! The operations.

use client_core::{Call, Request};

use super::{
    Soap,
    answer::{SoapAnswer, classify, parse},
    envelope::{ObjectKey, Parameter, envelope, request},
    object::{SoapObject, SoapRow},
    result::SoapResult,
};
use crate::{
    client::Exchanged,
    error::{Error, InvalidRequest},
};

impl Soap {
    /// Creates a record of the object published as `public_name`, and gives it as X3 has written it.
    ///
    /// May be repeated: no. It is sent again only when the first attempt surely had no effect. After an error whose
    /// [`may_have_been_applied`](Error::may_have_been_applied) is true, look the record up before anything else.
    ///
    /// # Errors
    /// [`Error::Rejected`] when X3 does not accept the record. [`Error::WrongService`] when web services are not set up.
    pub async fn save(
        &self,
        public_name: &str,
        object: &SoapObject,
    ) -> Result<SoapAnswer<SoapObject>, Error> {
        let parameters = [Parameter::Object(object.to_xml()?)];
        let request = self.request("save", public_name, &parameters)?;
        let exchanged = self.once("soap.save", request).await?;
        Ok(parse(exchanged, true)?.map(|result| result.object))
    }

    /// Changes the record with `key` to the stated values, and gives its new state. Rows of tables are matched by their
    /// position, so read the record before changing any.
    ///
    /// May be repeated: yes, unless it holds rows.
    ///
    /// # Errors
    /// As for [`save`](Self::save).
    pub async fn modify(
        &self,
        public_name: &str,
        key: &[ObjectKey],
        object: &SoapObject,
    ) -> Result<SoapAnswer<SoapObject>, Error> {
        let parameters = [Parameter::Keys(key), Parameter::Object(object.to_xml()?)];
        let request = self.request("modify", public_name, &parameters)?;
        let operation = "soap.modify";
        let exchanged = if object.has_rows() {
            self.once(operation, request).await?
        } else {
            self.repeatable(operation, request, true).await?
        };
        Ok(parse(exchanged, true)?.map(|result| result.object))
    }

    /// The record with `key`.
    ///
    /// # Errors
    /// [`Error::Failed`] when X3 reports an error; that the record is not there is one of them, and its text is localised.
    pub async fn read(
        &self,
        public_name: &str,
        key: &[ObjectKey],
    ) -> Result<SoapAnswer<SoapObject>, Error> {
        let request = self.request("read", public_name, &[Parameter::Keys(key)])?;
        let exchanged = self.repeatable("soap.read", request, false).await?;
        Ok(parse(exchanged, false)?.map(|result| result.object))
    }

    /// Up to `size` rows of the object's list, those that `key` selects.
    ///
    /// # Errors
    /// When X3 reports an error.
    pub async fn query(
        &self,
        public_name: &str,
        key: &[ObjectKey],
        size: usize,
    ) -> Result<SoapAnswer<Vec<SoapRow>>, Error> {
        let parameters = [Parameter::Keys(key), Parameter::ListSize(size)];
        let request = self.request("query", public_name, &parameters)?;
        let exchanged = self.repeatable("soap.query", request, false).await?;
        Ok(parse(exchanged, false)?.map(|result: SoapResult| result.list))
    }

    fn request(
        &self,
        operation: &str,
        public_name: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Request, InvalidRequest> {
        if public_name.trim().is_empty() {
            return Err(InvalidRequest::new(
                "the public name is missing: the name under which the object is published in GESAWE",
            ));
        }
        let envelope = envelope(&self.settings, operation, public_name, parameters)?;
        request(self.client.site(), &self.settings, envelope)
    }

    async fn once(&self, operation: &'static str, request: Request) -> Result<Exchanged, Error> {
        let call = Call::once(operation, request);
        self.client.exchange(operation, call, &classify, true).await
    }

    async fn repeatable(
        &self,
        operation: &'static str,
        request: Request,
        writes: bool,
    ) -> Result<Exchanged, Error> {
        let call = Call::repeatable(operation, request);
        self.client
            .exchange(operation, call, &classify, writes)
            .await
    }
}
