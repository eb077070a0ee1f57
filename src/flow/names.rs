//! What the numbers of protocols that are not read are called.

/// Ether types, by number; as in IANA's "IEEE 802 Numbers". 4 stands for 802.2 frames.
const ETHER_TYPES: &[(u16, &str)] = &[
    (0x0004, "802.2"),
    (0x0806, "ARP"),
    (0x0842, "Wake-on-LAN"),
    (0x8035, "RARP"),
    (0x809b, "AppleTalk"),
    (0x8137, "IPX"),
    (0x8808, "Ethernet flow control"),
    (0x8809, "Ethernet slow protocols"),
    (0x8847, "MPLS, not IP"),
    (0x8863, "PPPoE discovery"),
    (0x888e, "EAPOL"),
    (0x88cc, "LLDP"),
    (0x88e5, "MACsec"),
    (0x88f7, "PTP"),
    (0x8902, "CFM"),
    (0x9000, "loopback test"),
];

/// IP protocols, by number; as in IANA's "Assigned Internet Protocol Numbers".
const PROTOCOLS: &[(u8, &str)] = &[
    (1, "ICMP"),
    (2, "IGMP"),
    (46, "RSVP"),
    (50, "ESP"),
    (58, "ICMPv6"),
    (59, "IPv6, nothing next"),
    (88, "EIGRP"),
    (89, "OSPF"),
    (103, "PIM"),
    (108, "IPComp"),
    (112, "VRRP"),
    (115, "L2TPv3"),
    (132, "SCTP"),
    (136, "UDP-Lite"),
];

/// PPP protocols, by number; as in IANA's "Point-to-Point (PPP) Protocol Field Assignments".
const PPP: &[(u16, &str)] = &[
    (0x002d, "compressed TCP/IP"),
    (0x002f, "uncompressed TCP/IP"),
    (0x003d, "Multilink"),
    (0x0053, "encrypted (ECP)"),
    (0x00fd, "compressed (CCP)"),
    (0x8021, "IPCP"),
    (0x8057, "IPv6CP"),
    (0x80fd, "CCP"),
    (0xc021, "LCP"),
    (0xc023, "PAP"),
    (0xc025, "LQR"),
    (0xc223, "CHAP"),
];

/// What is commonly spoken over UDP, by port; as in IANA's "Service Name and Transport Protocol Port Number Registry".
const UDP_SERVICES: &[(u16, &str)] = &[
    (53, "DNS"),
    (67, "DHCP"),
    (68, "DHCP"),
    (69, "TFTP"),
    (123, "NTP"),
    (137, "NetBIOS"),
    (138, "NetBIOS"),
    (161, "SNMP"),
    (162, "SNMP"),
    (443, "QUIC"),
    (500, "IKE"),
    (514, "syslog"),
    (546, "DHCPv6"),
    (547, "DHCPv6"),
    (1812, "RADIUS"),
    (1813, "RADIUS"),
    (1900, "SSDP"),
    (2123, "GTP-C"),
    (2152, "GTP-U"),
    (3386, "GTP'"),
    (4500, "IPsec"),
    (5060, "SIP"),
    (5353, "mDNS"),
    (5355, "LLMNR"),
    (9200, "WAP"),
    (9201, "WAP"),
    (9202, "WAP"),
    (9203, "WAP"),
];

fn find<N: Ord + Copy>(table: &[(N, &'static str)], number: N) -> Option<&'static str> {
    let place = table.binary_search_by_key(&number, |(number, _)| *number).ok()?;
    table.get(place).map(|(_, name)| *name)
}

/// The name of an ether type that is not read, where it is common.
pub fn ether_type_name(number: u16) -> Option<&'static str> {
    find(ETHER_TYPES, number)
}

/// The name of an IP protocol that is not read, where it is common.
pub fn protocol_name(number: u8) -> Option<&'static str> {
    find(PROTOCOLS, number)
}

/// The name of a PPP protocol that is not read, where it is common.
pub fn ppp_name(number: u16) -> Option<&'static str> {
    find(PPP, number)
}

/// What is commonly spoken at a port over UDP.
pub(super) fn udp_service(port: u16) -> Option<&'static str> {
    find(UDP_SERVICES, port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_number() {
        assert!(ETHER_TYPES.is_sorted() && PROTOCOLS.is_sorted() && PPP.is_sorted());
        assert_eq!((ether_type_name(0x0806), ether_type_name(0x1234)), (Some("ARP"), None));
        assert_eq!((protocol_name(132), protocol_name(1), protocol_name(6)), (Some("SCTP"), Some("ICMP"), None));
        assert_eq!(ppp_name(0xc021), Some("LCP"));
        assert!(UDP_SERVICES.is_sorted());
        assert_eq!((udp_service(53), udp_service(9201), udp_service(40001)), (Some("DNS"), Some("WAP"), None));
    }
}
