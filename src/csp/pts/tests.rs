use proptest::prelude::*;

use super::*;
use crate::csp::name::VOCABULARY;
use crate::syntax::{AnomalyKind, xml};

/// The primitive of a payload as XML without namespaces.
fn primitive_of(payload: &str) -> String {
    let parsed = read(payload.as_bytes());
    let content = parsed.document.nodes().find(|n| n.local_name() == "TransactionContent").unwrap();
    let mut out = String::new();
    xml::write_node(content.children().next().unwrap(), None, &mut out);
    let mut plain = String::new();
    for piece in out.split_inclusive('>') {
        match piece.split_once(" xmlns=") {
            Some((before, _)) => plain.extend([before, ">"]),
            None => plain.push_str(piece),
        }
    }
    plain
}

fn kinds(payload: &str) -> Vec<AnomalyKind> {
    read(payload.as_bytes()).anomalies.iter().map(|a| a.kind).collect()
}

/// A payload is read as this primitive, without a fault, and written from it as it was.
#[track_caller]
fn both_ways(payload: &str, expected: &str) {
    assert_eq!(primitive_of(payload), expected, "{payload}");
    assert_eq!(kinds(payload), [], "{payload}");
    let version = version([payload.as_bytes()[2], payload.as_bytes()[3]]).unwrap();
    let written = write(&read(payload.as_bytes()).document, version).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), payload);
}

#[test]
fn a_message_is_what_its_xml_is() {
    let expected = concat!(
        r#"<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2"><Session><SessionDescriptor>"#,
        "<SessionType>Inband</SessionType><SessionID>s77</SessionID></SessionDescriptor><Transaction>",
        "<TransactionDescriptor><TransactionMode>Request</TransactionMode><TransactionID>7</TransactionID>",
        r#"</TransactionDescriptor><TransactionContent xmlns="http://www.openmobilealliance.org/DTD/WV-TRC1.2">"#,
        r#"<UpdatePresence-Request><PresenceSubList xmlns="http://www.openmobilealliance.org/DTD/WV-PA1.2">"#,
        "<UserAvailability><Qualifier>T</Qualifier><PresenceValue>AVAILABLE</PresenceValue></UserAvailability>",
        "</PresenceSubList></UpdatePresence-Request></TransactionContent></Transaction></Session></WV-CSP-Message>",
    );
    let parsed = read(b"WV12UP7 SI=s77 UV=((UA,T,AV))");
    let of_xml = xml::parse(expected.as_bytes().to_vec(), VOCABULARY, None);
    assert_eq!(parsed.document, of_xml.document);
    assert_eq!(parsed.anomalies, []);
}

#[test]
fn login_and_its_answer() {
    both_ways(
        "WV12LR1 CI=WV:app TL=600 SC=c01 UI=wv:bob",
        "<Login-Request><UserID>wv:bob</UserID><ClientID><URL>WV:app</URL></ClientID><TimeToLive>600</TimeToLive>\
         <SessionCookie>c01</SessionCookie></Login-Request>",
    );
    both_ways(
        "WV13LR1 CI=+447700900001 SC=c01 UI=wv:bob SH=(MD5,SHA)",
        "<Login-Request><UserID>wv:bob</UserID><ClientID><MSISDN>+447700900001</MSISDN></ClientID>\
         <DigestSchema>MD5</DigestSchema><DigestSchema>SHA</DigestSchema><SessionCookie>c01</SessionCookie>\
         </Login-Request>",
    );
    both_ways(
        "WV12RL1 ST=200 SI=s77 KA=600 CR=T",
        "<Login-Response><Result><Code>200</Code></Result><SessionID>s77</SessionID><KeepAliveTime>600</KeepAliveTime>\
         <CapabilityRequest>T</CapabilityRequest></Login-Response>",
    );
}

#[test]
fn negotiations() {
    both_ways(
        "WV12CP2 SI=s CA=((CT,MP),(MT,1),(SC,ST),(SC,SS),(PM,30),(DL,en))",
        "<ClientCapability-Request><CapabilityList><ClientType>MOBILE_PHONE</ClientType><MultiTrans>1</MultiTrans>\
         <SupportedCIRMethod>STCP</SupportedCIRMethod><SupportedCIRMethod>SSMS</SupportedCIRMethod>\
         <ServerPollMin>30</ServerPollMin><DefaultLanguage>en</DefaultLanguage></CapabilityList>\
         </ClientCapability-Request>",
    );
    both_ways(
        "WV12PC2 SI=s AP=((SC,SHTTP),(CI,http://example.com/cir/1/2),(TA,192.0.2.1),(TP,3171))",
        "<ClientCapability-Response><AgreedCapabilityList><SupportedCIRMethod>SHTTP</SupportedCIRMethod>\
         <CIRURL><URL>http://example.com/cir/1/2</URL></CIRURL><TCPAddress>192.0.2.1</TCPAddress>\
         <TCPPort>3171</TCPPort></AgreedCapabilityList></ClientCapability-Response>",
    );
    both_ways(
        "WV12SQ3 SI=s RF=(FF,PF,GETM) AR=T",
        "<Service-Request><Functions><WVCSPFeat><FundamentalFeat/><PresenceFeat/><IMFeat><IMReceiveFunc><GETM/>\
         </IMReceiveFunc></IMFeat></WVCSPFeat></Functions><AllFunctionsRequest>T</AllFunctionsRequest>\
         </Service-Request>",
    );
    both_ways(
        "WV12SQ3 SI=s RF=(WV) AR=F",
        "<Service-Request><Functions><WVCSPFeat/></Functions>\
         <AllFunctionsRequest>F</AllFunctionsRequest></Service-Request>",
    );
}

#[test]
fn contact_lists() {
    both_ways(
        "WV12CL4 SI=s UN=((\"Al, B\",wv:al),(,wv:bo)) CP=((DN,Friends),(DE,T)) CL=wv:me/friends",
        "<CreateList-Request><ContactList>wv:me/friends</ContactList><NickList><NickName><Name>Al, B</Name>\
         <UserID>wv:al</UserID></NickName><UserID>wv:bo</UserID></NickList><ContactListProperties><Property>\
         <Name>DisplayName</Name><Value>Friends</Value></Property><Property><Name>Default</Name><Value>T</Value>\
         </Property></ContactListProperties></CreateList-Request>",
    );
    both_ways(
        "WV12LM5 SI=s RN=((,wv:al)) RL=T CL=wv:me/a",
        "<ListManage-Request><ContactList>wv:me/a</ContactList><RemoveNickList><UserID>wv:al</UserID></RemoveNickList>\
         <ReceiveList>T</ReceiveList></ListManage-Request>",
    );
    both_ways(
        "WV12LG6 SI=s DC=wv:me/a CL=(wv:me/a,wv:me/b)",
        "<GetList-Response><ContactList>wv:me/a</ContactList><ContactList>wv:me/b</ContactList>\
         <DefaultContactList>wv:me/a</DefaultContactList></GetList-Response>",
    );
    both_ways(
        "WV13LG6 SI=s CL=(wv:me/a,wv:me/b)",
        "<GetList-Response><ContactListIDList><ContactList>wv:me/a</ContactList><ContactList>wv:me/b</ContactList>\
         </ContactListIDList></GetList-Response>",
    );
    assert!(primitive_of("WV12LG6 SI=s DL=wv:me/a").contains("<DefaultContactList>wv:me/a<"));
    assert!(primitive_of("WV12CA6 SI=s DL=T").contains("<DefaultList>T<"));
}

#[test]
fn presence() {
    both_ways(
        "WV12GP8 SI=s PS=(OS,UA,(CF,(CT,CP))) UI=(wv:al,wv:bo)",
        "<GetPresence-Request><User><UserID>wv:al</UserID></User><User><UserID>wv:bo</UserID></User><PresenceSubList>\
         <OnlineStatus/><UserAvailability/><ClientInfo><ClientType/><ClientProducer/></ClientInfo></PresenceSubList>\
         </GetPresence-Request>",
    );
    both_ways(
        "WV12SB9 SI=s PS=(CF,(CT,CP)) AS=T CL=wv:me/a",
        "<SubscribePresence-Request><ContactList>wv:me/a</ContactList><PresenceSubList><ClientInfo><ClientType/>\
         <ClientProducer/></ClientInfo></PresenceSubList><AutoSubscribe>T</AutoSubscribe></SubscribePresence-Request>",
    );
    both_ways(
        "WV12UP7 SI=s UV=((OS,T,T),(CF,T,((CT,MP),(CP,Acme))),(ST,T,\"so so\"))",
        "<UpdatePresence-Request><PresenceSubList><OnlineStatus><Qualifier>T</Qualifier><PresenceValue>T\
         </PresenceValue></OnlineStatus><ClientInfo><Qualifier>T</Qualifier><ClientType>MOBILE_PHONE</ClientType>\
         <ClientProducer>Acme</ClientProducer></ClientInfo><StatusText><Qualifier>T</Qualifier><PresenceValue>so so\
         </PresenceValue></StatusText></PresenceSubList></UpdatePresence-Request>",
    );
    both_ways(
        "WV12PN3 SI=s PR=((wv:al,((OS,T,T))),(wv:bo,((UA,F,NA))))",
        "<PresenceNotification-Request><Presence><UserID>wv:al</UserID><PresenceSubList><OnlineStatus><Qualifier>T\
         </Qualifier><PresenceValue>T</PresenceValue></OnlineStatus></PresenceSubList></Presence><Presence>\
         <UserID>wv:bo</UserID><PresenceSubList><UserAvailability><Qualifier>F</Qualifier><PresenceValue>NOT_AVAILABLE\
         </PresenceValue></UserAvailability></PresenceSubList></Presence></PresenceNotification-Request>",
    );
    let one = primitive_of("WV12PG3 SI=s ST=200 PR=(wv:al,((OS,T,F)))");
    assert_eq!(one, primitive_of("WV12PG3 SI=s ST=200 PR=((wv:al,((OS,T,F))))"));
    assert_eq!(one, primitive_of("WV12PG3 PR=(wv:al,(OS,T,F)) SI=s ST=200"));
}

#[test]
fn status_polls_and_the_rest() {
    both_ways(
        "WV12ST9 SI=s ST=(200,\"all well\")",
        "<Status><Result><Code>200</Code><Description>all well</Description></Result></Status>",
    );
    both_ways("WV12PO0 SI=s", "<Polling-Request/>");
    both_ways("WV12OR4 SI=s", "<Logout-Request/>");
    both_ways("WV11KA4 SI=s TL=60", "<KeepAlive-Request><TimeToLive>60</TimeToLive></KeepAlive-Request>");
}

#[test]
fn unknown_codes_are_carried_on() {
    let carried_on = |payload, expected: &str, faults: &[AnomalyKind]| {
        assert_eq!((primitive_of(payload).as_str(), kinds(payload).as_slice()), (expected, faults));
    };
    carried_on(
        "WV12MN5 SI=s XY=(a,(b,c)) ZZ=1",
        "<MN><XY><Parameter>a</Parameter><Parameter><Parameter>b</Parameter><Parameter>c</Parameter></Parameter></XY><ZZ>1</ZZ></MN>",
        &[AnomalyKind::UnknownCode; 3],
    );
    carried_on(
        "WV12UP5 SI=s UV=((XX,T,y))",
        "<UpdatePresence-Request><PresenceSubList><XX>y<Qualifier>T</Qualifier></XX></PresenceSubList>\
         </UpdatePresence-Request>",
        &[AnomalyKind::UnknownCode],
    );
    assert_eq!(primitive_of("WV12PO5 <x>=1"), r"<Polling-Request><Parameter>1</Parameter></Polling-Request>");
}

#[test]
fn shapes_that_do_not_fit_are_told_and_kept() {
    let payload = "WV12RL1 ST=(200,a,b) SI=s77";
    assert_eq!(kinds(payload), [AnomalyKind::BadShape]);
    assert_eq!(
        primitive_of(payload),
        "<Login-Response><Result><Parameter>200</Parameter><Parameter>a</Parameter><Parameter>b</Parameter></Result>\
         <SessionID>s77</SessionID></Login-Response>"
    );
}

#[test]
fn of_a_repeated_parameter_the_first_counts() {
    let payload = "WV12KA1 SI=a TL=60 si=b tl=70";
    assert!(primitive_of(payload).contains("<TimeToLive>60</TimeToLive></KeepAlive"));
    let parsed = read(payload.as_bytes());
    assert!(parsed.document.nodes().any(|n| n.local_name() == "SessionID" && n.text() == "a"));
}

#[test]
fn elements_stand_at_their_octets() {
    let payload = "WV12ST9 SI=s77 ST=(200,\"all well\")";
    let parsed = read(payload.as_bytes());
    let place = |name: &str| {
        let span = parsed.document.nodes().find(|n| n.local_name() == name).unwrap().span().unwrap();
        &payload[span.start as usize..span.end as usize]
    };
    assert_eq!(place("SessionID"), "SI=s77");
    assert_eq!(place("TransactionID"), "9");
    assert_eq!(place("Result"), "ST=(200,\"all well\")");
    assert_eq!(place("Description"), "\"all well\"");
    assert_eq!(place("Status"), payload);
}

proptest! {
    #[test]
    fn any_parameters_are_read_and_writing_them_loses_no_primitive(text in "[A-Z]{2}[0-9]{1,3}( [A-Z]{2}=[ -~]{0,20}){0,4}") {
        let payload = format!("WV12{text}");
        let parsed = read(payload.as_bytes());
        prop_assert!(!parsed.document.is_empty());
        if let Some(written) = write(&parsed.document, crate::csp::namespace::Version::V12) {
            let again = read(&written);
            let primitive = |p: &crate::syntax::Parsed| {
                let content = p.document.nodes().find(|n| n.local_name() == "TransactionContent").unwrap();
                content.children().next().map(|n| n.spelling().to_owned())
            };
            prop_assert_eq!(primitive(&again), primitive(&parsed));
        }
    }
}
