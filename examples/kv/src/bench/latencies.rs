use std::time::Duration;

use serde::Serialize;

/// How long each of many actions took.
#[derive(Clone, Debug, Default)]
pub(super) struct Latencies {
    micros: Vec<u64>,
}

/// The latencies that are told, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Quantiles {
    pub(super) p50: u64,
    pub(super) p95: u64,
    pub(super) p99: u64,
    pub(super) max: u64,
}

impl Latencies {
    pub(super) fn add(&mut self, latency: Duration) {
        self.micros.push(latency.as_micros() as u64);
    }

    pub(super) fn extend(&mut self, other: &Latencies) {
        self.micros.extend_from_slice(&other.micros);
    }

    pub(super) fn count(&self) -> usize {
        self.micros.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.micros.is_empty()
    }

    /// The least latency that so many of the actions did not exceed: the nearest rank. Zero if there was no action.
    pub(super) fn quantiles(&self) -> Quantiles {
        let mut sorted = self.micros.clone();
        sorted.sort_unstable();
        let percent = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100);
            sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        Quantiles { p50: percent(50), p95: percent(95), p99: percent(99), max: percent(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_by_nearest_rank() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.quantiles().max, 0);
        for micros in (1..=200).rev() {
            latencies.add(Duration::from_micros(micros));
        }
        let quantiles = latencies.quantiles();
        assert_eq!((quantiles.p50, quantiles.p95, quantiles.p99, quantiles.max), (100, 190, 198, 200));
    }
}
