/// Lets this thread, and those that it starts from now on, run on this processor only.
#[cfg(target_os = "linux")]
pub(crate) fn keep_to(processor: usize) {
    let mut processors = rustix::thread::CpuSet::new();
    processors.set(processor);
    rustix::thread::sched_setaffinity(None, &processors).expect("there is such a processor");
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn keep_to(_: usize) {
    panic!("--apart is for Linux");
}
