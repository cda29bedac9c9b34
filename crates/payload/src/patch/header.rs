//! What a patch says of itself.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use crate::{Error, MAX_MANIFEST_BYTES, Manifest, Sha256, TreeDigest};

/// Version of the format, raised when a reader of today could not read it.
const VERSION: u32 = 1;
/// Begins a skippable frame (RFC 8878, 3.1.2): any of 0x184D2A50 to 0x184D2A5F.
const MAGIC: [u8; 4] = 0x184D_2A5D_u32.to_le_bytes();
/// Most bytes of JSON that are read. There are four digests and little more.
const MOST: u32 = 4096;

/// For which tree a patch is, and to which it leads. A manifest's text is named beside its tree, since times are in the one and
/// not in the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The tree that it is for.
    pub base: TreeDigest,
    /// SHA-256 of that tree's manifest text.
    pub base_manifest: Sha256,
    /// The tree that comes out.
    pub target: TreeDigest,
    /// SHA-256 of that tree's manifest text.
    pub target_manifest: Sha256,
    /// Bytes of that text.
    pub manifest_bytes: u64,
    /// Whether old content is needed to read it. If not, what changed is in it whole.
    pub prefix: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    patch: u32,
    base: String,
    base_manifest: String,
    target: String,
    target_manifest: String,
    manifest_bytes: u64,
    prefix: bool,
}

impl Header {
    pub(super) fn new(base: &Manifest, target: &Manifest, prefix: bool) -> Result<(Self, Texts), Error> {
        let texts = Texts { base: base.to_bytes()?, target: target.to_bytes()? };
        let header = Self {
            base: base.digest(),
            base_manifest: Sha256::of(&texts.base),
            target: target.digest(),
            target_manifest: Sha256::of(&texts.target),
            manifest_bytes: texts.target.len() as u64,
            prefix,
        };
        Ok((header, texts))
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let json = serde_json::to_vec(&Json {
            patch: VERSION,
            base: self.base.to_string(),
            base_manifest: self.base_manifest.to_string(),
            target: self.target.to_string(),
            target_manifest: self.target_manifest.to_string(),
            manifest_bytes: self.manifest_bytes,
            prefix: self.prefix,
        })?;
        out.write_all(&MAGIC)?;
        out.write_all(&u32::try_from(json.len()).map_err(io::Error::other)?.to_le_bytes())?;
        out.write_all(&json)
    }

    /// Reads the header, and nothing behind it.
    ///
    /// # Errors
    /// [`Error::Patch`] for what is none, or of another version; [`Error::Unpack`] for one that cannot be read.
    pub fn read(input: &mut impl Read) -> Result<Self, Error> {
        let fault = |reason: &str| Error::Patch { reason: reason.to_owned() };
        let failed = |source| Error::unpack("the head of the patch", source);
        let mut start = [0; 8];
        input.read_exact(&mut start).map_err(failed)?;
        let [m0, m1, m2, m3, l0, l1, l2, l3] = start;
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        if [m0, m1, m2, m3] != MAGIC || length > MOST {
            return Err(fault("it does not begin as a patch does"));
        }
        let mut json = Vec::new();
        input.take(length.into()).read_to_end(&mut json).map_err(failed)?;
        let version =
            serde_json::from_slice::<Version>(&json).map_err(|_| fault("its head is not one of a patch"))?;
        if version.patch != VERSION {
            let (version, ours) = (version.patch, VERSION);
            return Err(fault(&format!("its version is {version}, and only {ours} is known here")));
        }
        let json: Json = serde_json::from_slice(&json)
            .map_err(|error| fault(&format!("its head cannot be read: {error}")))?;
        if json.manifest_bytes > MAX_MANIFEST_BYTES {
            return Err(fault(&format!("its manifest has more than {MAX_MANIFEST_BYTES} bytes")));
        }
        let tree = |text: &str| text.parse::<TreeDigest>().map_err(|error| fault(&error.to_string()));
        let sha256 = |text: &str| text.parse::<Sha256>().map_err(|error| fault(&error.to_string()));
        Ok(Self {
            base: tree(&json.base)?,
            base_manifest: sha256(&json.base_manifest)?,
            target: tree(&json.target)?,
            target_manifest: sha256(&json.target_manifest)?,
            manifest_bytes: json.manifest_bytes,
            prefix: json.prefix,
        })
    }
}

/// The one field that every version has.
#[derive(Deserialize)]
struct Version {
    patch: u32,
}

/// The texts of both manifests.
pub(super) struct Texts {
    pub(super) base: Vec<u8>,
    pub(super) target: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let empty = Manifest::new(Vec::new()).unwrap();
        Header::new(&empty, &empty, true).unwrap().0
    }

    #[test]
    fn it_is_read_as_it_was_written_and_zstd_skips_it() {
        let mut bytes = Vec::new();
        header().write(&mut bytes).unwrap();
        let length = bytes.len();
        bytes.extend(zstd::encode_all(&b"what follows"[..], 1).unwrap());
        let mut input = &bytes[..];
        assert_eq!(Header::read(&mut input).unwrap(), header());
        assert_eq!(input.len(), bytes.len() - length);
        assert_eq!(zstd::decode_all(&bytes[..]).unwrap(), b"what follows");
    }

    #[test]
    fn every_cut_and_what_is_no_patch_is_refused() {
        let mut bytes = Vec::new();
        header().write(&mut bytes).unwrap();
        for end in 0..bytes.len() {
            assert!(Header::read(&mut &bytes[..end]).is_err(), "{end}");
        }
        let refused = |change: &dyn Fn(&mut Json)| {
            let mut json: Json = serde_json::from_slice(&bytes[8..]).unwrap();
            change(&mut json);
            let json = serde_json::to_vec(&json).unwrap();
            let length = u32::try_from(json.len()).unwrap().to_le_bytes();
            Header::read(&mut &[&MAGIC[..], &length, &json].concat()[..]).unwrap_err().to_string()
        };
        assert!(refused(&|json| json.patch = 2).contains("version is 2"));
        assert!(refused(&|json| json.manifest_bytes = u64::MAX).contains("more than"));
        assert!(refused(&|json| json.base = "x".into()).contains("not a SHA-256"));
        let long = [&MAGIC[..], &u32::MAX.to_le_bytes(), b"{}"].concat();
        assert!(Header::read(&mut &long[..]).unwrap_err().to_string().contains("does not begin"));
    }
}
