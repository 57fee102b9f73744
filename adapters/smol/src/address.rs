use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// An address as a roster holds it: 4 bytes for IPv4 or 16 for IPv6, then 2 for the port, big endian.
pub(crate) fn bytes(address: SocketAddr) -> Vec<u8> {
    let mut bytes = match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    bytes.extend_from_slice(&address.port().to_be_bytes());
    bytes
}

/// The address in a roster or a change of members; nothing if it is not known, or in words of another adapter.
pub fn parse(bytes: &[u8]) -> Option<SocketAddr> {
    let (ip, port) = bytes.split_last_chunk::<2>()?;
    let ip = match ip.len() {
        4 => IpAddr::V4(Ipv4Addr::from(*ip.first_chunk::<4>()?)),
        16 => IpAddr::V6(Ipv6Addr::from(*ip.first_chunk::<16>()?)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_be_bytes(*port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_golden_bytes_and_come_back() {
        let golden: [(&str, &[u8]); 2] = [
            ("10.0.0.1:7101", &[10, 0, 0, 1, 0x1b, 0xbd]),
            ("[2001:db8::1]:80", &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80]),
        ];
        for (text, golden) in golden {
            let address: SocketAddr = text.parse().expect("an address");
            assert_eq!((bytes(address).as_slice(), parse(golden)), (golden, Some(address)));
        }
        let mapped: SocketAddr = "[::ffff:10.0.0.1]:7101".parse().expect("an address");
        assert_eq!(bytes(mapped), golden[0].1, "one place has one spelling");
        for other in [&b""[..], b"1", b"\x1b\xbd", b"12345", b"1234567"] {
            assert_eq!(parse(other), None);
        }
    }
}
