use std::path::Path;

use quorate_wire::Cluster;
use quorate_wire::seal::client::ClientKey;
use quorate_wire::seal::{Key, Name, Rights};

use super::lines::{Kind, Lines, only};
use super::numbered::{self, Unfinished};
use super::text::Text;
use super::{Keys, Numbered, file};
use crate::exit::{Exit, Failure};

/// Who a client is to a cluster, and the keys that say so.
#[derive(Debug)]
pub(crate) struct ClientKeys {
    pub(super) cluster: Cluster,
    pub(super) name: Name,
    pub(super) rights: Rights,
    pub(super) keys: Numbered,
}

impl ClientKeys {
    /// What a client is called that makes its key of the keyring: no other has this name.
    pub(crate) const OF_KEYRING: &str = "keyring";

    /// The keys of a client of this cluster, of either kind of file: a client that has the keyring is an admin.
    ///
    /// # Errors
    /// There is no such file, others may read it, it holds no keys, or those of a client of another cluster.
    pub(crate) fn read(path: &Path, cluster: Cluster) -> Result<ClientKeys, Failure> {
        ClientKeys::parse(path, file::read(path)?.as_str(), cluster)
    }

    /// What a client seals and opens with: the key that is used first, and then the others.
    pub(crate) fn list(&self) -> Vec<ClientKey> {
        let ClientKeys { cluster, name, rights, ref keys } = *self;
        let copy = |key: &Key| Key::new(*key.expose());
        let made = numbered::iter(keys).map(|(id, key)| ClientKey { cluster, id, name, rights, key: copy(key) });
        let (mut used, others): (Vec<_>, Vec<_>) = made.partition(|key| key.id == keys.used());
        used.extend(others);
        used
    }

    /// Writes a file that is not there yet.
    ///
    /// # Errors
    /// There is one, or none can be made.
    pub(crate) fn create(&self, path: &Path) -> Result<(), Failure> {
        file::create(path, &self.text())
    }

    pub(super) fn parse(path: &Path, text: &str, cluster: Cluster) -> Result<ClientKeys, Failure> {
        let found = match Lines::begin(path, text)? {
            (Kind::Client, lines) => ClientKeys::of(lines)?,
            (Kind::Keyring, lines) => {
                let name = ClientKeys::OF_KEYRING.parse().expect("it is a name");
                Keys::of(lines)?.client(cluster, name, Rights::Admin)
            }
        };
        if found.cluster != cluster {
            let (at, Cluster(of), Cluster(wanted)) = (path.display(), found.cluster, cluster);
            let message = format!(
                "{at} is the key of a client of cluster {of}, not of cluster {wanted}. Name another one with --keys, or another \
                 --cluster"
            );
            return Err(Failure::new(Exit::ForeignDirectory, message));
        }
        Ok(found)
    }

    /// What the lines behind the first say.
    fn of(mut lines: Lines<'_>) -> Result<ClientKeys, Failure> {
        let (mut cluster, mut name, mut rights, mut keys) = (None, None, None, Unfinished::default());
        while let Some((first, words)) = lines.next() {
            let is_anew = match first {
                "key" => {
                    keys.take(&lines, words)?;
                    continue;
                }
                "cluster" => {
                    let number = only(words).ok_or_else(|| lines.refusal("a cluster is a number"))?;
                    cluster.replace(Cluster(number)).is_some()
                }
                "name" => {
                    let what = "a client's name has 1 to 16 printable characters of ASCII, and no spaces";
                    name.replace(only(words).ok_or_else(|| lines.refusal(what))?).is_some()
                }
                "rights" => {
                    let what = "a client's rights are read-only, read-write or admin";
                    rights.replace(only(words).ok_or_else(|| lines.refusal(what))?).is_some()
                }
                _ => return Err(lines.refusal("a line begins with `cluster`, `name`, `rights`, `key` or `#`")),
            };
            if is_anew {
                return Err(lines.refusal("a line before says this already: one of them has to go"));
            }
        }
        let (Some(cluster), Some(name), Some(rights)) = (cluster, name, rights) else {
            return Err(
                lines.lack("a client's key has a line each for its cluster, name and rights, and this lacks one")
            );
        };
        Ok(ClientKeys { cluster, name, rights, keys: keys.finish(&lines)? })
    }

    pub(super) fn text(&self) -> Text {
        let warning = "Whoever has this file is this client to the cluster: it is for this client only.";
        let mut text = Text::of(Kind::Client.heading(), warning);
        text.line("cluster", self.cluster.0);
        text.line("name", self.name);
        text.line("rights", self.rights);
        numbered::write(&self.keys, &mut text);
        text
    }
}
