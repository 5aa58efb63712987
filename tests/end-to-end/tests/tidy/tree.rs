//! The files of the workspace and what cargo says of its members.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The crates that others embed.
pub(crate) const LIBRARIES: [&str; 4] = [
    "client-core",
    "sage-x3-client",
    "zoho-crm-client",
    "sync-core",
];

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

/// A text file of the tree.
pub(crate) struct TextFile {
    /// From the workspace's folder, with `/` between its parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl TextFile {
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it is part of what a user runs, not of its tests, simulators or benches.
    pub(crate) fn is_product(&self) -> bool {
        let in_tests = ["tests/", "benches/", "fuzz/"].iter().any(|folder| {
            self.path.starts_with(folder) || self.path.contains(&format!("/{folder}"))
        });
        self.is_rust() && !in_tests && !self.path.contains("/src/testing")
    }
}

/// Every text file, without build output and version control.
pub(crate) fn text_files() -> Vec<TextFile> {
    let root = root();
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_symlink() || name == "target" || name == ".git" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let path = path.strip_prefix(&root).unwrap().to_str().unwrap();
                files.push(TextFile {
                    path: path.replace('\\', "/"),
                    text,
                });
            }
        }
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    assert!(files.len() > 50, "the walk found {} files", files.len());
    files
}

pub(crate) fn rust_files() -> Vec<TextFile> {
    let mut files = text_files();
    files.retain(TextFile::is_rust);
    files
}

/// Fails with all of `offences`, one a line, under what they break.
pub(crate) fn assert_none(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(arguments)
        .arg("--offline")
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// A crate of the workspace.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) manifest: PathBuf,
    /// Crates of the workspace that it depends on, for whatever purpose.
    pub(crate) any_dependencies: Vec<String>,
    /// The same without those of its tests.
    pub(crate) dependencies: Vec<String>,
}

pub(crate) fn members() -> Vec<Member> {
    let metadata = cargo(&["metadata", "--format-version", "1", "--no-deps"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let name = |package: &Value| package["name"].as_str().unwrap().to_owned();
    let names: Vec<String> = packages.iter().map(name).collect();
    let members: Vec<Member> = packages
        .iter()
        .map(|package| {
            let ours = package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|dependency| {
                    names.contains(&name(dependency)) && name(dependency) != name(package)
                });
            Member {
                name: name(package),
                manifest: package["manifest_path"].as_str().unwrap().into(),
                any_dependencies: ours.clone().map(name).collect(),
                dependencies: ours
                    .filter(|dependency| dependency["kind"] != "dev")
                    .map(name)
                    .collect(),
            }
        })
        .collect();
    assert!(members.len() >= 10, "cargo knows {} members", members.len());
    members
}

/// Names of all crates that are built with `package` for a user, on this platform.
pub(crate) fn built_with(package: &str, features: &[&str]) -> Vec<String> {
    let mut arguments = vec!["tree", "--package", package, "--edges", "normal"];
    arguments.extend(["--prefix", "none", "--format", "{p}"]);
    arguments.extend(features);
    let mut names: Vec<String> = cargo(&arguments)
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    assert!(names.contains(&package.to_owned()));
    names
}
