//! Ports and addresses on loopback that nobody else uses, also when many test
//! processes look for them at once.
//!
//! A port that was free a moment ago may be taken by the time a child listens on
//! it. So each is reserved, by a listener on an address where nothing else
//! listens, for as long as this process lives; the kernel is the arbiter.

use std::{
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    sync::{Mutex, PoisonError},
};

use crate::error::{Error, Result};

/// Below the ports that the kernel hands to outgoing connections, of which one
/// could otherwise take a reserved port.
const PORTS: Range<u16> = 15_000..32_000;
const RESERVATIONS: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 254);
/// The port on which the holder of a range of addresses listens.
const RANGE_CLAIM: u16 = 14_999;

static RESERVED: Mutex<Vec<TcpListener>> = Mutex::new(Vec::new());

/// A port on 127.0.0.1 that this process alone will be given, until it ends.
pub fn free_port() -> Result<u16> {
    for port in from_anywhere(PORTS) {
        if let Some(reservation) = reserve(port) {
            RESERVED
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(reservation);
            return Ok(port);
        }
    }
    Err(Error::Unexpected(format!("no port of {PORTS:?} is free")))
}

fn reserve(port: u16) -> Option<TcpListener> {
    let reservation = TcpListener::bind((RESERVATIONS, port)).ok()?;
    // Somebody who does not reserve may be there all the same.
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
    Some(reservation)
}

/// A /24 of loopback addresses for the Services of one control plane.
#[derive(Debug)]
pub(crate) struct ServiceRange {
    network: Ipv4Addr,
    _claim: TcpListener,
}

impl ServiceRange {
    pub(crate) fn claim() -> Result<Self> {
        // 127.64.0.0 to 127.191.255.0: away from 127.0.0.0/16, where people and
        // resolvers put things, and from the reservations above.
        for number in from_anywhere(0..0x8000) {
            let [high, low] = number.to_be_bytes();
            let network = Ipv4Addr::new(127, 64 + high, low, 0);
            // The network's own address is the one that no Service is given.
            if let Ok(claim) = TcpListener::bind((network, RANGE_CLAIM)) {
                return Ok(Self {
                    network,
                    _claim: claim,
                });
            }
        }
        Err(Error::Unexpected(
            "no address of 127.64.0.0/9 can be listened on: Services on loopback need Linux"
                .to_owned(),
        ))
    }

    pub(crate) fn cidr(&self) -> String {
        format!("{}/24", self.network)
    }
}

/// Every number of the range once, from a random one on: processes that start
/// together then seldom ask for the same.
fn from_anywhere(range: Range<u16>) -> impl Iterator<Item = u16> {
    let count = range.len();
    let random = RandomState::new().hash_one(std::process::id());
    let start = usize::try_from(random % count as u64).unwrap_or_default();
    range.cycle().skip(start).take(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        let mut ports: Vec<_> = (0..200).map(|_| free_port().unwrap()).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 200);
    }

    #[test]
    fn a_reserved_port_can_be_listened_on() {
        let port = free_port().unwrap();
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    }

    #[test]
    fn a_port_is_reserved_once_and_never_past_a_stranger() {
        let port = from_anywhere(PORTS).find_map(|port| Some((port, reserve(port)?)));
        let (port, reservation) = port.unwrap();
        assert!(reserve(port).is_none());

        let stranger = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        drop(reservation);
        assert!(reserve(port).is_none());
        drop(stranger);
        assert!(reserve(port).is_some());
    }

    #[test]
    fn ranges_are_disjoint() {
        let (one, two) = (
            ServiceRange::claim().unwrap(),
            ServiceRange::claim().unwrap(),
        );
        assert_ne!(one.cidr(), two.cidr());
        assert!(TcpListener::bind((one.network, RANGE_CLAIM)).is_err());
    }
}
