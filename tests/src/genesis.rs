//! The genesis of a development chain.

use crate::binaries::binary;
use std::path::Path;
use tokio::{fs, process::Command, sync::OnceCell};

/// A built-in development chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// //Alice is the only validator and the only provider.
    #[default]
    Dev,
    /// //Alice and //Bob are validators and providers.
    Local,
}

impl Preset {
    /// How the node knows it.
    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Local => "local",
        }
    }

    /// The chain's own id, by which the node names its folder.
    pub fn id(self) -> &'static str {
        match self {
            Self::Dev => "defaas-dev",
            Self::Local => "defaas-local",
        }
    }

    /// Writes its specification to `file`, with its genesis as storage. It is exported once: a node
    /// that has to build the genesis compiles the runtime for it, at each start.
    ///
    /// # Panics
    /// If the node cannot export it, or the file cannot be written.
    pub async fn write(self, file: &Path) {
        static DEV: OnceCell<Vec<u8>> = OnceCell::const_new();
        static LOCAL: OnceCell<Vec<u8>> = OnceCell::const_new();
        let exported = match self {
            Self::Dev => &DEV,
            Self::Local => &LOCAL,
        };
        let specification = exported.get_or_init(|| self.export()).await;
        fs::write(file, specification)
            .await
            .expect("the folder of a test is its own");
    }

    async fn export(self) -> Vec<u8> {
        let exported = Command::new(binary("defaas-node"))
            .args(["export-chain-spec", "--chain", self.name(), "--raw"])
            .kill_on_drop(true)
            .output()
            .await
            .expect("the node can be run");
        assert!(
            exported.status.success(),
            "{}",
            String::from_utf8_lossy(&exported.stderr)
        );
        exported.stdout
    }
}
