use quorate_serial::Header;

/// What came over a station's lines as it was sent.
#[derive(Default)]
pub(crate) struct Relay(Vec<(usize, Header, Vec<u8>)>);

impl Relay {
    pub(crate) fn note(&mut self, line: usize, header: Header, frame: &[u8]) {
        self.0.push((line, header, frame.to_vec()));
    }

    /// What a station passes on came over another line, or turns round for the first time, and has a hop less.
    pub(crate) fn check(&self, line: usize, header: Header, frame: &[u8]) {
        let is_onward = |over: usize, came: &Header| over != line || (header.turned && !came.turned);
        let is_same = |came: &Header| (came.from, came.to) == (header.from, header.to) && came.hops > header.hops;
        let came = self.0.iter().any(|(over, came, bytes)| is_same(came) && is_onward(*over, came) && bytes == frame);
        assert!(came, "{header:?} goes out over line {line}, and did not come so");
    }
}
