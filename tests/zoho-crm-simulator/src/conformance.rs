//! Judging written-down exchanges by Zoho's own OpenAPI documents.
//!
//! The documents bear no licence, so they are no part of this repository. They and the tool that reads them lie in a folder
//! `shared` beside the repository, or where `ZOHO_OPENAPI_TOOL` says; without them a test can only say that it was skipped.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fmt, fs, io};

/// Environment variable that names the folder of the tool.
pub const TOOL_VARIABLE: &str = "ZOHO_OPENAPI_TOOL";

/// Why exchanges could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum ConformanceError {
    /// The tool or the documents are missing.
    #[error("{0} does not exist; Zoho's OpenAPI documents are needed to judge exchanges")]
    Missing(PathBuf),
    /// A file cannot be read or written, or Python cannot be started.
    #[error("cannot use {path}")]
    Io {
        /// The file or program.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The tool failed.
    #[error("the tool failed: {0}")]
    Tool(String),
}

/// A fault of the documents: exchanges that do not conform and are right all the same.
#[derive(Debug, Clone, Copy)]
pub struct KnownFault {
    /// Verb of the exchanges.
    pub method: &'static str,
    /// Path, in which `*` stands for any characters.
    pub path: &'static str,
    /// Part of the tool's complaint.
    pub complaint: &'static str,
    /// Why the exchange is right.
    pub reason: &'static str,
}

/// An exchange that does not conform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Verb, path and status.
    pub exchange: String,
    /// The complaints about the request.
    pub request: Vec<String>,
    /// The complaints about the response.
    pub response: Vec<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.exchange)?;
        for complaint in &self.request {
            write!(f, "\n    request: {complaint}")?;
        }
        for complaint in &self.response {
            write!(f, "\n    response: {complaint}")?;
        }
        Ok(())
    }
}

/// What came of judging.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Exchanges judged.
    pub judged: usize,
    /// Exchanges whose only faults are known ones of the documents.
    pub excused: usize,
    /// Exchanges that do not conform.
    pub findings: Vec<Finding>,
    /// For each known fault, whether any exchange showed it.
    pub used: Vec<bool>,
}

/// Which side of an exchange is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// Requests and responses.
    Both,
    /// Responses alone, where requests are meant to be wrong.
    Responses,
}

/// An empty folder of that name below a target's temporary folder.
#[must_use]
pub fn fresh_folder(temporary: &str, name: &str) -> PathBuf {
    let folder = Path::new(temporary).join("exchanges").join(name);
    // A folder that is not there cannot be removed, and one that cannot be removed shows when it is written to.
    let _ = fs::remove_dir_all(&folder);
    folder
}

/// The folder of the tool: where the variable says, else in `shared` beside the workspace.
///
/// # Errors
/// There is no such folder.
pub fn tool() -> Result<PathBuf, ConformanceError> {
    let folder = env::var_os(TOOL_VARIABLE).map_or_else(
        || {
            let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            workspace.join("../shared/tools/zoho-openapi")
        },
        PathBuf::from,
    );
    if folder.join("validate_capture.py").is_file() {
        Ok(folder)
    } else {
        Err(ConformanceError::Missing(folder))
    }
}

/// Whether the run is one that must not skip anything.
fn is_required() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// Judges what a package's target `it` wrote down in its last run, and forgets it. When that target did not run since the
/// last time, it is run first. Where the documents are missing, `None`, which is said on standard error; that is an error
/// in a run that must not skip anything (`CI` is set).
///
/// # Errors
/// The tool is missing or cannot be run, a file cannot be read, or the target did not write anything.
pub fn judge_run(
    package: &str,
    temporary: &str,
    name: &str,
    sides: Sides,
    known: &[KnownFault],
) -> Result<Option<Verdict>, ConformanceError> {
    match tool() {
        Err(ConformanceError::Missing(path)) if !is_required() => {
            // Past the test harness, which shows nothing of a test that passes.
            let _ = writeln!(
                io::stderr(),
                "\nSKIPPED: {} is not there; {package} was not judged by Zoho's OpenAPI documents",
                path.display()
            );
            return Ok(None);
        }
        tool => tool?,
    };
    let folder = Path::new(temporary).join("exchanges").join(name);
    if !folder.is_dir() {
        let cargo = env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
        Command::new(&cargo)
            .args(["test", "--quiet", "--package", package, "--test", "it"])
            .output()
            .map_err(|source| failed(&cargo, source))?;
    }
    let verdict = judge(&folder, sides, known);
    // What was judged must not be taken for the next run's.
    let _ = fs::remove_dir_all(&folder);
    verdict.map(Some)
}

/// Judges all exchanges written into a folder.
///
/// # Errors
/// The tool is missing, cannot be run, or a file cannot be read.
pub fn judge(
    folder: &Path,
    sides: Sides,
    known: &[KnownFault],
) -> Result<Verdict, ConformanceError> {
    let tool = tool()?;
    let capture = folder.join("all.capture");
    let judged = folder.join("all.verdicts");
    fs::write(&capture, gather(folder)?).map_err(|source| failed(&capture, source))?;
    let python = PathBuf::from("python3");
    let run = Command::new(&python)
        .arg(tool.join("validate_capture.py"))
        .arg(&capture)
        .arg("--json")
        .arg(&judged)
        .output()
        .map_err(|source| failed(&python, source))?;
    if !matches!(run.status.code(), Some(0 | 1)) {
        let text = String::from_utf8_lossy(&run.stderr).into_owned();
        return Err(ConformanceError::Tool(text));
    }
    let verdicts = fs::read_to_string(&judged).map_err(|source| failed(&judged, source))?;
    let mut verdict = Verdict {
        used: vec![false; known.len()],
        ..Verdict::default()
    };
    for line in verdicts.lines() {
        let line: serde_json::Value = serde_json::from_str(line)
            .map_err(|error| ConformanceError::Tool(error.to_string()))?;
        verdict.take(&line, sides, known);
    }
    Ok(verdict)
}

fn failed(path: &Path, source: io::Error) -> ConformanceError {
    ConformanceError::Io {
        path: path.to_owned(),
        source,
    }
}

/// The lines of all capture files. A line that a killed process left half written is dropped.
fn gather(folder: &Path) -> Result<String, ConformanceError> {
    let mut all = String::new();
    let entries = fs::read_dir(folder).map_err(|source| failed(folder, source))?;
    for entry in entries {
        let path = entry.map_err(|source| failed(folder, source))?.path();
        if path
            .extension()
            .is_none_or(|extension| extension != "jsonl")
        {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(|source| failed(&path, source))?;
        for line in text.lines() {
            if line.ends_with('}') {
                all.push_str(line);
                all.push('\n');
            }
        }
    }
    Ok(all)
}

impl Verdict {
    /// What does not conform, and known faults of the documents that no exchange showed: empty when all is well.
    #[must_use]
    pub fn complaints(&self, known: &[KnownFault]) -> Vec<String> {
        let findings = self.findings.iter().map(Finding::to_string);
        let unused = known.iter().zip(&self.used).filter(|(_, used)| !**used);
        let unused = unused.map(|(fault, _)| {
            let KnownFault {
                method,
                path,
                complaint,
                ..
            } = fault;
            format!("no exchange shows the known fault any more: {method} {path}: {complaint}")
        });
        findings.chain(unused).collect()
    }

    fn take(&mut self, line: &serde_json::Value, sides: Sides, known: &[KnownFault]) {
        self.judged += 1;
        let text = |name: &str| line[name].as_str().unwrap_or_default();
        let (method, path) = (text("method"), text("path"));
        let mut excused = false;
        let mut complaints = |side: &str| -> Vec<String> {
            let verdict = line[side]["verdict"].as_str().unwrap_or_default();
            if !matches!(verdict, "FAIL" | "NOPATH") {
                return Vec::new();
            }
            let errors = line[side]["errors"].as_array().into_iter().flatten();
            let mut left: Vec<String> = Vec::new();
            for error in errors.filter_map(serde_json::Value::as_str) {
                let fault = known.iter().position(|fault| {
                    fault.method == method
                        && crate::faults::matches_pattern(fault.path, path)
                        && error.contains(fault.complaint)
                });
                match fault {
                    Some(position) => {
                        excused = true;
                        if let Some(used) = self.used.get_mut(position) {
                            *used = true;
                        }
                    }
                    None => left.push(error.to_owned()),
                }
            }
            left
        };
        let request = match sides {
            Sides::Both => complaints("request"),
            // The tool says with the request that no document has the path, and then judges nothing.
            Sides::Responses if line["response"]["verdict"] == "NOPATH" => complaints("request"),
            Sides::Responses => Vec::new(),
        };
        let response = complaints("response");
        if request.is_empty() && response.is_empty() {
            self.excused += usize::from(excused);
        } else {
            self.findings.push(Finding {
                exchange: format!("{method} {path} -> {}", line["status"]),
                request,
                response,
            });
        }
    }
}
