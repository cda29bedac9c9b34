//! Bytes from messages.

use super::message::{Block, Message};

/// Appends a message.
pub fn write(message: &Message, to: &mut Vec<u8>) {
    match message {
        Message::KeepAlive => to.extend(0_u32.to_be_bytes()),
        Message::Choke => fields(0, [], to),
        Message::Unchoke => fields(1, [], to),
        Message::Interested => fields(2, [], to),
        Message::NotInterested => fields(3, [], to),
        Message::Have(piece) => fields(4, [*piece], to),
        Message::Bitfield(bits) => {
            let bytes = bits.to_bytes();
            head(5, bytes.len(), to);
            to.extend(bytes);
        }
        Message::Request(block) => of_block(6, *block, to),
        Message::Cancel(block) => of_block(8, *block, to),
        Message::Suggest(piece) => fields(13, [*piece], to),
        Message::HaveAll => fields(14, [], to),
        Message::HaveNone => fields(15, [], to),
        Message::Reject(block) => of_block(16, *block, to),
        Message::AllowedFast(piece) => fields(17, [*piece], to),
    }
}

/// Appends what stands before the payload of a block; `block.length` bytes have to follow.
pub fn piece_header(block: Block, to: &mut Vec<u8>) {
    head(7, 8 + block.length as usize, to);
    to.extend(block.piece.to_be_bytes());
    to.extend(block.begin.to_be_bytes());
}

fn of_block(id: u8, block: Block, to: &mut Vec<u8>) {
    fields(id, [block.piece, block.begin, block.length], to);
}

fn fields<const N: usize>(id: u8, numbers: [u32; N], to: &mut Vec<u8>) {
    head(id, 4 * N, to);
    to.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
}

/// A body so long fits: bitfields are bounded by the number of pieces, the rest is small.
fn head(id: u8, body: usize, to: &mut Vec<u8>) {
    to.extend(u32::try_from(1 + body).unwrap_or(u32::MAX).to_be_bytes());
    to.push(id);
}
