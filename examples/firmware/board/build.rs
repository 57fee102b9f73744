//! Tells the linker where memory is, and where defmt keeps its texts.

fn main() {
    println!("cargo::rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    for script in ["--nmagic", "-Tlink.x", "-Tdefmt.x"] {
        println!("cargo::rustc-link-arg-bins={script}");
    }
    println!("cargo::rerun-if-changed=memory.x");
}
