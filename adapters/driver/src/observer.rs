use quorate::{Answer, Effect, Input, Instant, Node};
use serde::Serialize;

/// Looks on while a driver takes its steps, for a trace or a check. Nothing that it does reaches the node.
pub trait Observer {
    /// The node is about to take this in.
    fn begin<C, B: AsRef<[u8]>, const SEATS: usize, V: Serialize>(
        &mut self,
        node: &Node<C, B, SEATS>,
        now: Instant,
        input: &Input<'_, V>,
    ) {
        let _ = (node, now, input);
    }

    /// What is for the application is not drawn in this step.
    fn leave_app(&mut self) {}

    /// What the node said at once.
    fn answer(&mut self, answer: Answer) {
        let _ = answer;
    }

    /// An effect was drawn, and is about to be carried out.
    fn draw<V>(&mut self, effect: &Effect<'_, V>) {
        let _ = effect;
    }

    /// The step is over. Whether effects were drawn until there were none.
    fn end<C, B: AsRef<[u8]>, const SEATS: usize>(&mut self, node: &Node<C, B, SEATS>, is_drained: bool) {
        let _ = (node, is_drained);
    }
}

/// Nobody looks on.
impl Observer for () {}
