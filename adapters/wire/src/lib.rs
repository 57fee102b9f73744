//! The frames that quorate nodes and clients exchange.
