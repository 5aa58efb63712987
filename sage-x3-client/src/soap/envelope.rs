//! Requests.

use bytes::Bytes;
use client_core::Request;
use http::{
    HeaderName, HeaderValue, Method, Uri,
    header::{ACCEPT, CONTENT_TYPE},
};

use super::{settings::SoapSettings, xml::escaped};
use crate::{config::Site, error::InvalidRequest};

/// One part of an object's key, by the field's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectKey {
    field: String,
    value: String,
}

impl ObjectKey {
    /// `field` has `value`.
    #[must_use]
    pub fn new(field: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            value: value.into(),
        }
    }
}

/// What an operation is given beside context and name.
pub(super) enum Parameter<'a> {
    Keys(&'a [ObjectKey]),
    Object(String),
    ListSize(usize),
}

/// The envelope of a call: RPC with encoded parameters. Source: reference sage-x3 section 4.7.
pub(super) fn envelope(
    settings: &SoapSettings,
    operation: &str,
    public_name: &str,
    parameters: &[Parameter<'_>],
) -> Result<String, InvalidRequest> {
    let text = |name: &str, value: &str| {
        Ok::<_, InvalidRequest>(format!(
            "<{name} xsi:type=\"xsd:string\">{}</{name}>",
            escaped(value)?
        ))
    };
    let mut body = String::from("<callContext xsi:type=\"wss:CAdxCallContext\">");
    body.push_str(&text("codeLang", &settings.code_lang)?);
    body.push_str(&text("poolAlias", &settings.pool_alias)?);
    body.push_str(&text("poolId", &settings.pool_id)?);
    body.push_str(&text("requestConfig", &settings.request_config)?);
    body.push_str("</callContext>");
    body.push_str(&text("publicName", public_name)?);
    for parameter in parameters {
        match parameter {
            Parameter::Keys(keys) => {
                body.push_str(&format!(
                    "<objectKeys soapenc:arrayType=\"wss:CAdxParamKeyValue[{}]\" xsi:type=\"wss:ArrayOfCAdxParamKeyValue\">",
                    keys.len()
                ));
                for key in *keys {
                    body.push_str("<item xsi:type=\"wss:CAdxParamKeyValue\">");
                    body.push_str(&text("key", &key.field)?);
                    body.push_str(&text("value", &key.value)?);
                    body.push_str("</item>");
                }
                body.push_str("</objectKeys>");
            }
            Parameter::Object(xml) => body.push_str(&text("objectXml", xml)?),
            Parameter::ListSize(size) => {
                body.push_str(&format!("<listSize xsi:type=\"xsd:int\">{size}</listSize>"));
            }
        }
    }
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:soapenc=\"http://schemas.xmlsoap.org/soap/encoding/\" xmlns:wss=\"http://www.adonix.com/WSS\">\
         <soapenv:Header/><soapenv:Body>\
         <wss:{operation} soapenv:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">{body}</wss:{operation}>\
         </soapenv:Body></soapenv:Envelope>"
    ))
}

/// The HTTP request, without a credential.
pub(super) fn request(
    site: &Site,
    settings: &SoapSettings,
    envelope: String,
) -> Result<Request, InvalidRequest> {
    if site.in_cloud {
        return Err(InvalidRequest::new(
            "the cloud gateway has no SOAP web services: use GraphQL there",
        ));
    }
    let path = settings.path.trim_start_matches('/');
    let uri: Uri = format!("{}/{path}", site.base).parse().map_err(|_| {
        InvalidRequest::new(format!("the SOAP path `{}` makes no URL", settings.path))
    })?;
    let mut request = Request::new(Bytes::from(envelope));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/xml; charset=utf-8"),
    );
    headers.insert(ACCEPT, HeaderValue::from_static("text/xml"));
    headers.insert(
        HeaderName::from_static("soapaction"),
        HeaderValue::from_static("\"\""),
    );
    Ok(request)
}
