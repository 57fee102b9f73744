use core::borrow::BorrowMut;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

use embedded_storage::nor_flash::NorFlash;
use quorate::{Charter, Config, Identity, Instant, Members, Owner, Recovered};
use quorate_flash::{Flash, Layout};
use quorate_wire::{Cluster, Dropped};

use super::{FRAME_MIN, Memory, Settings, Station};
use crate::caller::Caller;
use crate::lines::Lines;
use crate::machine::{Machine, restore};
use crate::post::Post;
use crate::recovery::Recovery;
use crate::replica::Replicated;
use crate::stage::{Empty, Stage};
use crate::{App, Pace, Receiver, Routes, StartError};

/// Who a station is.
type Who = (Cluster, Identity, Option<Charter>);

impl<A, F, B, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize>
    Station<A, F, B, SEATS, LINES, FRAME, CLIENTS>
where
    A: App,
    F: NorFlash,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// Takes back what the flash holds, into an app that is as it was in the beginning, and starts.
    ///
    /// # Errors
    /// What is wrong with the settings, the flash, or what it holds.
    pub fn start(
        settings: Settings<SEATS>,
        app: A,
        flash: F,
        layout: Layout,
        memory: Memory<B>,
        now: Instant,
    ) -> Result<Self, StartError> {
        Self::start_where(|station| station, settings, app, flash, layout, memory, now)
    }

    /// The same, in the place where the station stays, such as a static: for a board, whose stack need not have room for a
    /// whole station then.
    ///
    /// # Errors
    /// As [`start`](Station::start). Whatever is in the place then is nothing that anybody could use.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn start_in(
        place: &mut MaybeUninit<Self>,
        settings: Settings<SEATS>,
        app: A,
        flash: F,
        layout: Layout,
        memory: Memory<B>,
        now: Instant,
    ) -> Result<&mut Self, StartError> {
        Self::start_where(|station| place.write(station), settings, app, flash, layout, memory, now)
    }

    /// Starts a station where `put` puts it.
    #[inline(always)]
    fn start_where<T: BorrowMut<Self>>(
        put: impl FnOnce(Self) -> T,
        settings: Settings<SEATS>,
        app: A,
        flash: F,
        layout: Layout,
        memory: Memory<B>,
        now: Instant,
    ) -> Result<T, StartError> {
        const { assert!(FRAME >= FRAME_MIN, "a frame on a line has at least FRAME_MIN bytes") };
        const { assert!(CLIENTS >= SEATS, "each station has a place among the sessions") };
        let Settings { cluster, seat, members, existing, may_join, routes, pace, seed } = settings;
        let Memory { log, snapshot: mut buffer } = memory;
        let (needed, room) = (Self::SNAPSHOT_BYTES_MAX, buffer.as_mut().len());
        // A longer one, of an app that is not this one or with more clients, has no place, and could not be restored.
        let snapshot_bytes_max = Some(u32::try_from(needed).unwrap_or(u32::MAX));
        let config = pace.config(seat, seed);
        let config = Config { snapshot_bytes_max, features: config.features.with(A::FEATURES), ..config };
        if room < needed {
            return Err(StartError::Snapshot { needed, room });
        }
        let owner = Owner { cluster: cluster.0, seat };
        // There may be as many members as the node has seats.
        let layout = Layout { seats: layout.seats.max(SEATS), ..layout };
        let mut recovery = Recovery::new(config);
        recovery.begin(log)?;
        let visit = |recovered: Recovered<'_>| recovery.take(recovered);
        let (mut flash, _) = Flash::open(flash, layout, owner, buffer.as_mut(), visit)?;
        flash.expect_room(needed as u64)?;
        let (charter, latest, app) = (recovery.charter, recovery.latest, Replicated(app));
        if let (None, Some(snapshot)) = (charter, latest) {
            let (restored, listed) = (flash.members(snapshot)?.all(), members.all());
            if restored != listed {
                return Err(StartError::RestoredFor { members: restored, listed });
            }
        }
        let who = (cluster, Identity { seat, incarnation: recovery.incarnation }, charter);
        let mut place = Self::lay_out(put, who, (routes, &pace), seed, (flash, buffer), (members, now));
        let Station { stage, machine, .. } = place.borrow_mut();
        match charter {
            Some(_) => recovery.member(stage, (seat, members), app, now)?,
            None => {
                let empty = Empty { founds: !existing, joins: may_join };
                recovery.candidate(stage, &pace, (members, empty), app, now)?;
            }
        }
        if let (Some(replica), Some(snapshot)) = (stage.replica_mut(), latest) {
            restore(replica, &mut machine.flash, machine.buffer.as_mut(), snapshot)?;
        }
        Ok(place)
    }

    /// Puts a station where it stays, before it has a stage. Apart, and of parts that are made within this expression: so
    /// each is written to its place, and none is moved there.
    #[cfg_attr(target_os = "none", inline(never))]
    fn lay_out<T: BorrowMut<Self>>(
        put: impl FnOnce(Self) -> T,
        (cluster, identity, charter): Who,
        (routes, pace): (Routes<SEATS>, &Pace),
        seed: u64,
        (flash, buffer): (Flash<F>, B),
        (members, now): (Members, Instant),
    ) -> T {
        let mut place = put(Station {
            receivers: [const { Receiver::new() }; LINES],
            stage: Stage::Opening,
            machine: Machine {
                flash,
                post: Post::new(
                    cluster,
                    identity,
                    charter,
                    Lines::new(identity.seat, routes, pace),
                    Caller::new(identity.seat, seed, pace),
                ),
                buffer,
                dropped: Dropped::default(),
                now,
                is_behind: false,
                wants_snapshot: false,
                undone: None,
                failed_change: None,
                app: PhantomData,
            },
            listed: members.all(),
            stopped: None,
        });
        place.borrow_mut().machine.post.lines.begin(now);
        place
    }
}
