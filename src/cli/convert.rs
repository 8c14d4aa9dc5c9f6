//! The command line of `stow convert`.
//!
//! Nothing here may act.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Its exit codes.
pub(super) const CODES: &str = "\
Exit codes: 0 done; with --check, nothing would change. 1 a file could not be
converted, and is as it was; with --check, or would change. 2 the command line
cannot be read.";

/// How manifests are converted.
#[derive(Debug, Args)]
pub struct Convert {
    /// A file of YAML or JSON, a folder of them, or - for standard input.
    #[arg(short = 'f', long, required = true, value_name = "FILE|DIR|-")]
    pub filename: Vec<PathBuf>,

    /// The version to convert to.
    #[arg(long, default_value = "v1beta1", value_name = "VERSION")]
    pub to: Version,

    /// Write each file back where it changes, rather than print them all.
    #[arg(short = 'i', long)]
    pub in_place: bool,

    /// Write and print nothing, and exit with 1 where something would change.
    #[arg(long, conflicts_with = "in_place")]
    pub check: bool,

    /// Keep what the other version cannot say in annotations, for the way back.
    /// Its spec then asks for none of it. Without this, such a file is refused.
    #[arg(long)]
    pub keep_in_annotations: bool,
}

/// A version of PostgresDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Version {
    /// That of 2017.
    V1alpha1,
    /// The one to write.
    V1beta1,
}

impl Version {
    /// As an apiVersion has it, behind the group.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1alpha1 => stow_versions::SPOKE,
            Self::V1beta1 => stow_versions::HUB,
        }
    }
}
