//! The folders that a customer has opened to the application.

use std::time::Duration;

use client_core::{AuthError, Call, CallErrorCause, Request, Response, decode_json, retry_after};
use http::{HeaderValue, StatusCode, Uri, header::ACCEPT};
use serde::Deserialize;

use super::gateway::CloudGateway;
use crate::{config::SiteConfig, error::Error, graphql::execute, graphql::snippet};

/// A folder and where its data is. Source: reference sage-x3 section 2.2.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloudFolder {
    /// Its name, such as `SEED`.
    pub name: String,
    /// Its GraphQL service, such as `https://api.eu-prod-sagex3.com/v1/service/X3CLOUDV2_SEED/api`.
    pub data_service: String,
}

#[derive(Deserialize)]
struct Listing {
    folders: Vec<Folder>,
}

#[derive(Deserialize)]
struct Folder {
    name: String,
    #[serde(rename = "$urls", default)]
    urls: Urls,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Urls {
    data_service: Option<String>,
}

impl CloudGateway {
    /// The folders that the paired customer has opened to this application and that have a GraphQL service.
    ///
    /// # Errors
    /// [`Error::Auth`] when there is no pairing, or the gateway refuses or cannot be asked.
    pub async fn folders(&self) -> Result<Vec<CloudFolder>, Error> {
        self.list_folders().await.map_err(|source| Error::Auth {
            operation: "cloud.folders",
            source: Box::new(source),
        })
    }

    async fn list_folders(&self) -> Result<Vec<CloudFolder>, AuthError> {
        let home = self.home().await?;
        let url = self.links_of(&home).await?.folders;
        let uri: Uri = url.parse().map_err(|_| AuthError::Unavailable {
            reason: format!("{url} is no URL"),
            source: None,
        })?;
        let mut request = Request::default();
        *request.uri_mut() = uri;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, json);
        let call = Call::repeatable("x3.cloud.folders", request);
        let pipeline = &self.inner.pipeline;
        let answer = pipeline
            .execute(call, self.inner.auth.as_ref(), &execute::classify)
            .await
            .map_err(|error| match error.cause {
                // What is wrong is the pairing, not the way to the gateway.
                CallErrorCause::Auth(error) => error,
                _ => AuthError::Unavailable {
                    reason: format!("{url} could not be asked"),
                    source: Some(Box::new(error)),
                },
            })?;
        self.read_folders(&answer.response)
    }

    fn read_folders(&self, response: &Response) -> Result<Vec<CloudFolder>, AuthError> {
        let status = response.status();
        let reason = || format!("HTTP {}: {}", status.as_u16(), snippet(response.body()));
        match status {
            status if status.is_success() => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(AuthError::Rejected {
                    reason: format!("{}. Pair again", reason()),
                });
            }
            StatusCode::TOO_MANY_REQUESTS => {
                return Err(AuthError::Throttled {
                    reason: reason(),
                    retry_after: retry_after(response.headers(), self.now())
                        .unwrap_or(Duration::from_secs(60)),
                });
            }
            _ => {
                return Err(AuthError::Unavailable {
                    reason: reason(),
                    source: None,
                });
            }
        }
        let listing: Listing =
            decode_json(response.body()).map_err(|error| AuthError::Unavailable {
                reason: "the list of folders is not understood".to_owned(),
                source: Some(error.into()),
            })?;
        let mut folders = Vec::new();
        for folder in listing.folders {
            if let Some(data_service) = folder.urls.data_service {
                // Tokens will go there.
                self.inner.hosts.admit(&data_service)?;
                folders.push(CloudFolder {
                    name: folder.name,
                    data_service,
                });
            }
        }
        Ok(folders)
    }
}

impl SiteConfig {
    /// The GraphQL service of a folder in the cloud. `api1` and SOAP do not exist there.
    #[must_use]
    pub fn cloud(folder: &CloudFolder) -> Self {
        let mut config = Self::new(folder.data_service.clone(), folder.name.clone());
        config.in_cloud = true;
        config
    }
}
