use quorate::crc32c;
use quorate_wire::seal::{Key, KeyId};

/// The bytes of a page of keys: whole words of a flash.
pub const KEY_PAGE: usize = 44;

/// What a board's page of keys begins with.
const MAGIC: [u8; 4] = *b"qkey";

/// Magic, check, number, and the key.
const CHECKED: usize = 8;
const KEY: usize = 12;

/// The page that holds this key.
pub fn key_page(id: KeyId, key: &Key) -> [u8; KEY_PAGE] {
    let mut page = [0; KEY_PAGE];
    page[CHECKED] = id.number();
    page[KEY..].copy_from_slice(key.expose());
    let check = crc32c(&page[CHECKED..]);
    page[..4].copy_from_slice(&MAGIC);
    page[4..CHECKED].copy_from_slice(&check.to_le_bytes());
    page
}

/// The key that a page holds; `None` if it holds none, or was not written to its end.
pub fn read_key_page(page: &[u8; KEY_PAGE]) -> Option<(KeyId, Key)> {
    let (magic, rest) = page.split_first_chunk()?;
    let (check, checked) = rest.split_first_chunk()?;
    let (_, key) = page.split_last_chunk()?;
    let is_sound = *magic == MAGIC && u32::from_le_bytes(*check) == crc32c(checked);
    is_sound.then_some((KeyId::new(page[CHECKED])?, Key::new(*key)))
}
