use super::act::Act;
use super::rules::Setting;
use super::state::State;

/// A way from the first state, a step a line with the state that it leads to. Nodes keep their names; terms are
/// numbered anew in each state.
pub(crate) fn tell(places: impl Iterator<Item = usize>, last: Option<Act>, setting: &Setting) -> Vec<String> {
    let (mut form, mut state) = (State::default(), State::default());
    let mut lines = Vec::new();
    for place in places {
        let mut acts = Vec::new();
        form.acts(setting, &mut acts);
        form = tidied(&form, acts[place], setting).expect("it was possible");
        let fingerprint = form.pack(setting).fingerprint();
        form = form.pack(setting).state(setting);
        state.acts(setting, &mut acts);
        let after = |act: &Act| tidied(&state, *act, setting).map(|after| (*act, after));
        let is_next = |(_, after): &(Act, State)| after.pack(setting).fingerprint() == fingerprint;
        let (act, after) = acts.iter().filter_map(after).find(is_next).expect("names decide nothing");
        state = after;
        lines.push(format!("{act}\n    {}", state.told(setting)));
    }
    lines.extend(last.and_then(|_| breaks(&state, setting)));
    lines
}

fn tidied(state: &State, act: Act, setting: &Setting) -> Option<State> {
    let (mut after, _) = state.after(act, setting)?;
    after.tidy(setting);
    Some(after)
}

/// What breaks a promise.
fn breaks(state: &State, setting: &Setting) -> Option<String> {
    let mut acts = Vec::new();
    state.acts(setting, &mut acts);
    let breaks = |act: &&Act| {
        let after = state.after(**act, setting);
        after.is_some_and(|(after, verdict)| verdict.and_then(|()| after.check(setting)).is_err())
    };
    acts.iter().find(breaks).map(Act::to_string)
}
