//! Nodes that are to lead if they can.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::cluster::Cluster;
use crate::program::eventually;

/// Ten election time-outs, and as long again for what else may be slow.
const WHILE: Duration = Duration::from_secs(5);

#[test]
fn a_node_that_stands_still_does_not_lead_however_preferred_and_leads_once_it_goes_on() {
    let mut cluster = Cluster::start();
    cluster.ask(&["put", "k", "0"]).prints(0, "OK\n");
    let leader = cluster.wait_for_leader();
    let (still, other) = (leader % 3 + 1, (leader + 1) % 3 + 1);
    cluster.node(still).signal(Signal::STOP);
    for id in [leader, other] {
        cluster.stop(id);
    }
    for id in [leader, other] {
        cluster.start_node_with(id, &["--prefer", &format!("{still},7")]);
    }
    let said = |word: &str| [leader, other].iter().any(|id| cluster.node(*id).said().contains(word));
    let put = |value: &str| cluster.ask_at(&[leader, other], &["put", "k", value]).prints(0, "OK\n");
    put("1");
    assert!(said("warn  ") && said("--prefer names n7, no members: they are left out until they are"));

    let status = cluster.status();
    let told: Vec<_> = [leader, other].map(|id| status["nodes"][id - 1]["preferred"].clone()).into();
    assert_eq!(told, vec![serde_json::json!([format!("n{still}"), "n7"]); 2]);
    let told = cluster.ask(&["status"]).out;
    assert!(told.contains(&format!("\npreferred n{still}, n7\n")), "{told}");

    let since = Instant::now();
    while since.elapsed() < WHILE {
        put("2");
    }
    assert!(!said("handing over"), "n{still} follows nobody");
    cluster.node(still).signal(Signal::CONT);
    eventually("it is handed over to", || said(&format!("n{still} is preferred and has followed for ")).then_some(()));
    eventually("it leads", || (cluster.wait_for_leader() == still).then_some(()));
    cluster.agree();
}
