//! How a site's SOAP web services are called.

/// How a site's SOAP web services are called. Source: reference sage-x3 section 4.7.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SoapSettings {
    /// Alias of the pool (Administration > Web services > Classic SOAP pools). The pool must be started.
    pub pool_alias: String,
    /// One process of the pool; empty, for any, by default.
    pub pool_id: String,
    /// X3's code of the language of messages. Default: `ENG`.
    pub code_lang: String,
    /// Settings of the call. Default: `adxwss.optreturn=XML`; answers in JSON are read too.
    pub request_config: String,
    /// Path of the service below the server's address.
    pub path: String,
}

impl SoapSettings {
    /// Calls through the pool `alias`, with the defaults.
    #[must_use]
    pub fn new(alias: impl Into<String>) -> Self {
        Self {
            pool_alias: alias.into(),
            pool_id: String::new(),
            code_lang: "ENG".to_owned(),
            request_config: "adxwss.optreturn=XML".to_owned(),
            path: "/soap-generic/syracuse/collaboration/syracuse/CAdxWebServiceXmlCC".to_owned(),
        }
    }

    /// Calls one process of the pool.
    #[must_use]
    pub fn pool_id(mut self, id: impl Into<String>) -> Self {
        self.pool_id = id.into();
        self
    }

    /// Asks for messages in another language, by X3's code.
    #[must_use]
    pub fn code_lang(mut self, code: impl Into<String>) -> Self {
        self.code_lang = code.into();
        self
    }

    /// Replaces the settings of the call, such as `adxwss.optreturn=JSON&adxwss.trace.on=on`.
    #[must_use]
    pub fn request_config(mut self, config: impl Into<String>) -> Self {
        self.request_config = config.into();
        self
    }

    /// Replaces the path of the service.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }
}
