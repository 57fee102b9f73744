use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::{env, fs};

use defmt_decoder::Table;

use crate::Failure;

/// What the boards run, as it was built.
#[derive(Clone)]
pub struct Firmware {
    pub(crate) elf: PathBuf,
    /// The texts of its log.
    pub(crate) table: Arc<Table>,
}

impl Firmware {
    /// Builds it, unless it is there already: `board` is a super-loop, `embassy` the same on that executor.
    ///
    /// # Errors
    /// The target is missing, or it does not compile.
    pub fn build(package: &str) -> Result<Firmware, Failure> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".."));
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--release", "--locked", "--package", package, "--target", TARGET]);
        build.current_dir(workspace).env("DEFMT_LOG", "info").env_remove("CARGO_TARGET_DIR");
        build.arg("--target-dir").arg(workspace.join("target"));
        if !has_target() {
            return Err(Failure::new(format!("the target {TARGET} is missing: run 'rustup target add {TARGET}'")));
        }
        let status = build.status().map_err(|error| Failure::new(format!("cannot run cargo: {error}")))?;
        if !status.success() {
            return Err(Failure::new("the firmware does not build: cargo says above why"));
        }
        Firmware::read(workspace.join("target").join(TARGET).join("release").join(package))
    }

    fn read(elf: PathBuf) -> Result<Firmware, Failure> {
        let bytes = fs::read(&elf).map_err(|error| Failure::new(format!("cannot read {}: {error}", elf.display())))?;
        match Table::parse(&bytes) {
            Ok(Some(table)) => Ok(Firmware { elf, table: Arc::new(table) }),
            _ => Err(Failure::new(format!("{} has no defmt texts that this rig can read", elf.display()))),
        }
    }
}

/// Whether the compiler has a standard library for the boards' processor.
pub fn has_target() -> bool {
    let libraries = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    libraries.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

const TARGET: &str = "thumbv7m-none-eabi";
