//! Messages on a pipe: four bytes of length, least significant first, then as many of content.

use std::io::{self, Read, Write};

/// Largest message taken, bytes: the reduced pictures of a clip take eight million.
pub const LARGEST_MESSAGE: usize = 48 << 20;
const HEADER: usize = 4;

/// The first whole message in what came so far, and how many bytes it takes; `None` while it is not whole.
///
/// # Errors
/// It would be larger than [`LARGEST_MESSAGE`].
pub fn split(came: &[u8]) -> Result<Option<(&[u8], usize)>, TooLarge> {
    let Some((header, rest)) = came.split_first_chunk::<HEADER>() else { return Ok(None) };
    let length = usize::try_from(u32::from_le_bytes(*header)).map_err(|_| TooLarge)?;
    if length > LARGEST_MESSAGE {
        return Err(TooLarge);
    }
    Ok(rest.get(..length).map(|message| (message, HEADER + length)))
}

/// A message over the largest size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

/// Writes one message.
pub(crate) fn write(to: &mut impl Write, message: &[u8]) -> io::Result<()> {
    let length = u32::try_from(message.len()).ok().filter(|_| message.len() <= LARGEST_MESSAGE);
    let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "too long a message"))?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(message)?;
    to.flush()
}

/// Reads one message of whoever is trusted; `None` when there are no more.
pub(crate) fn read(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; HEADER];
    match from.read_exact(&mut header) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let length = u64::from(u32::from_le_bytes(header));
    let mut message = Vec::new();
    from.take(length).read_to_end(&mut message)?;
    Ok((message.len() as u64 == length).then_some(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_whole_however_they_are_cut() {
        let mut bytes = Vec::new();
        let messages: [&[u8]; 3] = [b"one", b"", &[7; 1000]];
        for message in messages {
            write(&mut bytes, message).expect("into memory");
        }
        let mut came: Vec<u8> = Vec::new();
        let mut read: Vec<Vec<u8>> = Vec::new();
        for byte in &bytes {
            came.push(*byte);
            while let Some((message, taken)) = split(&came).expect("small") {
                read.push(message.to_vec());
                came.drain(..taken);
            }
        }
        assert_eq!(read, messages);
        let mut stream = &bytes[..];
        for message in messages {
            assert_eq!(super::read(&mut stream).expect("read").as_deref(), Some(message));
        }
        assert_eq!(super::read(&mut stream).expect("read"), None);
    }

    #[test]
    fn a_length_beyond_the_largest_is_refused_before_anything_is_kept_for_it() {
        assert_eq!(split(&[0xff; 8]), Err(TooLarge));
        assert_eq!(split(&[1, 0, 0]), Ok(None));
        assert_eq!(split(&(LARGEST_MESSAGE as u32).to_le_bytes()), Ok(None));
    }
}
