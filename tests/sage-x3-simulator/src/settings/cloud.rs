//! The cloud's gateway.

use serde::{Deserialize, Serialize};

/// How the gateway posts a pairing's callback; the documentation names the parameters, not the form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackForm {
    /// `application/x-www-form-urlencoded`
    #[default]
    Form,
    /// `application/json`
    Json,
}

/// The multi-tenant cloud's gateway, with the one application and customer it knows (reference: 2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudGateway {
    /// Region, such as `eu-prod`.
    pub region: String,
    /// The X3 runtime, first part of the service's name.
    pub solution: String,
    /// The customer's X3 URL, as a pairing request must name it.
    pub customer: String,
    /// The application's id.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: String,
    /// Whether the application is enabled.
    pub active: bool,
    /// The base URL that the callback names, when the customer lives in another region.
    pub other_region: Option<String>,
    /// How callbacks are posted.
    pub callback_form: CallbackForm,
    /// How long the code of an accepted pairing is good.
    pub code_seconds: u64,
    /// Life of access tokens.
    pub access_seconds: u64,
    /// Life of refresh tokens.
    pub refresh_seconds: u64,
    /// Whether a refresh token is spent by its use (open question 1).
    pub rotation_ends_old_token: bool,
}

impl Default for CloudGateway {
    fn default() -> Self {
        Self {
            region: "eu-prod".to_owned(),
            solution: "X3CLOUDV2".to_owned(),
            customer: "https://customer.example".to_owned(),
            client_id: "sync-app".to_owned(),
            client_secret: "cloud-secret".to_owned(),
            active: true,
            other_region: None,
            callback_form: CallbackForm::default(),
            code_seconds: 600,
            access_seconds: 300,
            refresh_seconds: 2_629_800,
            rotation_ends_old_token: true,
        }
    }
}
