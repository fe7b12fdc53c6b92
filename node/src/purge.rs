//! The sub-command `purge-chain`: removes the chain's database and what the worker keeps beside it.
//!
//! The client's own command knows nothing of the worker. A journal and pins that outlive their chain
//! would speak of calls and ticks that are no more.

use crate::{cli::PurgeChain, worker};
use sc_cli::{Error, PurgeChainCmd, Result};
use sc_service::Configuration;
use std::{
    fs,
    io::{self, BufRead, Write},
    path::Path,
};

/// Asks unless told not to, and removes.
///
/// # Errors
///
/// If something cannot be removed.
pub fn run(cmd: &PurgeChain, config: Configuration) -> Result<()> {
    let root = worker::root(&config);
    let database = config.database.path().and_then(Path::parent);
    let folders: Vec<&Path> = database
        .into_iter()
        .chain((!cmd.keep_worker).then_some(root.as_path()))
        .collect();
    if !cmd.chain.yes && !confirmed(&folders, &mut io::stdin().lock(), &mut io::stdout())? {
        println!("Aborted");
        return Ok(());
    }
    let chain = PurgeChainCmd {
        yes: true,
        ..cmd.chain.clone()
    };
    chain.run(config.database)?;
    if cmd.keep_worker {
        return Ok(());
    }
    if remove(&root).map_err(Error::Io)? {
        println!("{root:?} removed.");
    }
    Ok(())
}

/// Whether the operator agrees to lose these folders.
fn confirmed(
    folders: &[&Path],
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> io::Result<bool> {
    write!(output, "Are you sure to remove {folders:?}? [y/N]: ")?;
    output.flush()?;
    let mut answer = String::new();
    input.read_line(&mut answer)?;
    Ok(answer.trim_start().starts_with(['y', 'Y']))
}

/// Removes a folder with all that is in it. Whether it was there.
fn remove(folder: &Path) -> io::Result<bool> {
    match fs::remove_dir_all(folder) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_agreement_and_the_question_names_all_folders() {
        let folders = [Path::new("/base/db"), Path::new("/base/worker")];
        let answers = [("y\n", true), ("Yes\n", true), ("n\n", false), ("", false)];
        for (answer, expected) in answers {
            let mut asked = Vec::new();
            let agreed = confirmed(&folders, &mut answer.as_bytes(), &mut asked);
            assert_eq!(agreed.expect("can be read"), expected, "{answer:?}");
            let asked = String::from_utf8(asked).expect("is text");
            assert!(asked.contains("/base/db") && asked.contains("/base/worker"));
        }
    }

    #[test]
    fn folder_is_removed_with_its_content_and_one_that_is_not_there_is_no_error() {
        let base = tempfile::tempdir().expect("a temporary folder can be made");
        let folder = base.path().join("worker");
        fs::create_dir_all(folder.join("content")).expect("can be made");
        fs::write(folder.join("journal"), b"records").expect("can be written");
        assert!(remove(&folder).expect("is ours"));
        assert!(!folder.exists());
        assert!(!remove(&folder).expect("is ours"));
    }
}
