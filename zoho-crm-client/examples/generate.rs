//! Writes types for the modules of a real organisation, custom fields included, to standard output:
//!
//! ```sh
//! ZOHO_DATA_CENTER=eu ZOHO_CLIENT_ID=… ZOHO_CLIENT_SECRET=… ZOHO_REFRESH_TOKEN=… \
//!     cargo run -p zoho-crm-client --example generate -- Accounts Sales_Orders > src/zoho_models.rs
//! ```
//!
//! `check_schema` of the client tells later what has changed since. The token needs the scopes `ZohoCRM.settings.modules.READ`, `ZohoCRM.settings.fields.READ` and
//! `ZohoCRM.settings.layouts.READ`. The generated code needs `jiff`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the source goes to standard output, what went wrong to standard error"
)]

use std::{error::Error, fmt::Write, process::ExitCode};

use zoho_crm_client::{
    ClientCredentials, DataType, Metadata, ModuleName, ZohoClient,
    schema::{ModuleFacts, generate_module},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match source().await {
        Ok(source) => {
            print!("{source}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

/// All of it, or none: a file with half of the types would look like a whole one.
async fn source() -> Result<String, Box<dyn Error>> {
    let setting = |name: &str| std::env::var(name).map_err(|_| format!("set {name}"));
    let modules: Vec<String> = std::env::args().skip(1).collect();
    if modules.is_empty() {
        return Err("name at least one module, such as Accounts".into());
    }
    let data_center = setting("ZOHO_DATA_CENTER")?.parse()?;
    let credentials =
        ClientCredentials::new(setting("ZOHO_CLIENT_ID")?, setting("ZOHO_CLIENT_SECRET")?);
    let zoho = ZohoClient::builder(data_center, credentials)
        .refresh_token(setting("ZOHO_REFRESH_TOKEN")?)
        .build()?;
    let metadata = zoho.metadata();
    let mut source = String::from(
        "//! Written by zoho-crm-client's generator from the organisation's own settings.\n\n",
    );
    for module in modules {
        let facts = ModuleFacts::read(&metadata, module).await?;
        let subforms = subforms_of(&metadata, &facts).await?;
        writeln!(source, "{}", generate_module(&facts, &subforms))?;
    }
    Ok(source)
}

/// The modules that the rows of subforms belong to. Line items are modules called like their field.
async fn subforms_of(
    metadata: &Metadata,
    facts: &ModuleFacts,
) -> Result<Vec<ModuleFacts>, zoho_crm_client::Error> {
    let mut subforms = Vec::new();
    for field in &facts.fields {
        if field.data_type != DataType::Subform {
            continue;
        }
        let module = ModuleName::from(field.api_name.as_str());
        let fields = metadata.fields(&module).await?;
        subforms.push(ModuleFacts::new(module, fields, Vec::new()));
    }
    Ok(subforms)
}
