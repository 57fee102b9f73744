use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

/// A bar on standard error that shows how many bytes are done, if that is a terminal. It is gone once it is done or
/// given up.
pub(super) fn bar(what: impl Into<String>, bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} [{wide_bar}] {bytes} of {total_bytes}, {eta} left");
    let style = style.expect("the template is sound").progress_chars("=> ");
    ProgressBar::new(bytes).with_style(style).with_message(what.into()).with_finish(ProgressFinish::AndClear)
}
