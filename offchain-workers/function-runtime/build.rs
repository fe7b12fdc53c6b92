//! Derives the build id from the sources of this crate and of the words that its client shares, so
//! that it needs no version control and two builds of the same sources agree.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Sources of the words.
const PROTOCOL: &str = "../function-protocol/src";

fn main() -> io::Result<()> {
    let mut files = vec![PathBuf::from("Cargo.toml"), PathBuf::from("build.rs")];
    for folder in ["src", PROTOCOL] {
        collect(Path::new(folder), &mut files)?;
        println!("cargo::rerun-if-changed={folder}");
    }
    files.sort();
    let mut hasher = Sha256::new();
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.to_string_lossy();
        let content = fs::read(file)?;
        // Lengths first: no two lists of files may give the same bytes.
        for part in [name.as_bytes(), &content] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    let digest = hasher.finalize();
    let short: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    println!("cargo::rustc-env=DEFAAS_SOURCE_HASH={short}");
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
