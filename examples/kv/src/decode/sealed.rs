use quorate_wire::seal::{Form, Refusal};
use quorate_wire::{Class, DecodeError};

/// What can be told of a frame that is sealed, or serves to seal others, from its head alone; none if it is plain.
pub(super) fn told(frame: &[u8]) -> Option<String> {
    let key = frame.get(2).copied().unwrap_or_default() & 0b1111;
    Some(match Form::of(frame) {
        Ok(Form::Plain(_)) | Err(_) => return None,
        Ok(Form::Sealed(class)) => {
            let what = match class {
                Class::Member => "message between members",
                Class::Request => "client's request",
                Class::Reply => "reply to a client",
                Class::Founding => "message between stores that are to become a cluster",
            };
            format!("a {what}, sealed under key {key}: nobody reads it but whom it is for")
        }
        Ok(Form::Hello) => format!("a Hello between members, under key {key}: they come to a sealed session by it"),
        Ok(Form::ClientHello) => {
            format!("a Hello between a client and a node, under key {key}: they come to a sealed session by it")
        }
        Ok(Form::Refusal) => match Refusal::decode(frame) {
            Ok(Refusal { reason: DecodeError::Sealed(key), .. }) => {
                format!("a node's word that it took nothing of a client: it does not have key {key}, or took it back")
            }
            Ok(refusal) => format!("a node's word that it took nothing of a client: {}", refusal.reason),
            Err(bad) => format!("a node's word that it took nothing of a client, which is damaged: {bad}"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_told_by_its_head() {
        let told = |hex: &str| told(&hex::decode(hex).expect("these are digits")).unwrap_or_default();
        assert!(told("01408501020000000000").contains("between members, sealed under key 5"));
        assert!(told("0141850000000000").contains("a client's request, sealed under key 5"));
        assert!(told("01c0050102000000").contains("a Hello between members, under key 5"));
        assert!(told("01c3150102000000").contains("between a client and a node, under key 5"));
        assert!(told("01c60307aabbccddeeff0011").contains("it does not have key 7"));
        assert!(told("01c60900aabbccddeeff0011").contains("this node takes sealed ones only"));
        assert_eq!(told("01012a0782010325ba5a4f"), "");
    }
}
