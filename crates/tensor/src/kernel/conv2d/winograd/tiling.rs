//! How images are cut into tiles, tiles into strips, and how a strip is staged.

use super::{Conv2dGeom, Sizes, TILE};

/// How the images of a convolution are cut into tiles.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tiling {
    /// Height of the images.
    pub(super) h: usize,
    /// Width of the images.
    pub(super) w: usize,
    /// Tiles from top to bottom.
    down: usize,
    /// Tiles across.
    across: usize,
    /// Tiles in a block.
    block: usize,
}

/// Rows of tiles that are staged and multiplied together: a few rows of one image,
/// or several small images whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strip {
    pub(super) images: usize,
    /// The first row of tiles.
    first: usize,
    /// Rows of tiles in each image.
    rows: usize,
    across: usize,
    /// Whether it reaches the lower edge of the image.
    pub(super) is_last: bool,
}

/// A tile's image within its strip, and its top left pixel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) image: usize,
    pub(super) y: usize,
    pub(super) x: usize,
}

impl Tiling {
    pub(super) fn new(g: &Conv2dGeom) -> Self {
        let Sizes { block, .. } = Sizes::new(g);
        Tiling { h: g.h, w: g.w, down: g.h.div_ceil(TILE), across: g.w.div_ceil(TILE), block }
    }

    fn per_image(&self) -> usize {
        self.down * self.across
    }

    pub(super) fn pixels(&self) -> usize {
        self.h * self.w
    }

    /// Images whose tiles fill at least one block: the unit of work.
    pub(super) fn images_per_group(&self) -> usize {
        self.block.div_ceil(self.per_image())
    }

    fn rows_per_strip(&self) -> usize {
        (self.block / self.across).clamp(1, self.down)
    }

    /// The strips of a group, from top to bottom.
    pub(super) fn strips(&self, images: usize) -> impl Iterator<Item = Strip> {
        let rows = self.rows_per_strip();
        let (down, across) = (self.down, self.across);
        (0..down).step_by(rows).map(move |first| {
            let rows = rows.min(down - first);
            Strip { images, first, rows, across, is_last: first + rows == down }
        })
    }

    /// Blocks of tiles in a group.
    pub(super) fn blocks(&self, images: usize) -> usize {
        self.strips(images).map(|strip| strip.tiles().div_ceil(self.block)).sum()
    }

    /// Whether every tile lies inside its image.
    pub(super) fn is_even(&self) -> bool {
        self.h.is_multiple_of(TILE) && self.w.is_multiple_of(TILE)
    }
}

impl Strip {
    pub(super) fn tiles(&self) -> usize {
        self.images * self.rows * self.across
    }

    pub(super) fn place(&self, tile: usize) -> Place {
        let (row, x) = (tile / self.across, tile % self.across);
        let (image, row) = (row / self.rows, row % self.rows);
        Place { image, y: (self.first + row) * TILE, x: x * TILE }
    }

    /// The first row of pixels.
    pub(super) fn y(&self) -> usize {
        self.first * TILE
    }

    /// Rows of pixels in each image, whole tiles.
    pub(super) fn height(&self) -> usize {
        self.rows * TILE
    }
}

/// The layout of a staged strip: whole tiles, with `margin` pixels around them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) margin: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) c: usize,
}

impl Frame {
    /// The frame of inputs, whose patches reach one pixel beyond their tiles.
    pub(super) fn of_patches(t: &Tiling, c: usize) -> Self {
        let (height, width) = (t.rows_per_strip() * TILE, t.across * TILE);
        Frame { margin: 1, height: height + 2, width: width + 2, c }
    }

    /// The frame of outputs: whole tiles, nothing around them.
    pub(super) fn of_tiles(t: &Tiling, c: usize) -> Self {
        Frame { margin: 0, height: t.rows_per_strip() * TILE, width: t.across * TILE, c }
    }

    /// Numbers in one staged image.
    pub(super) fn len(&self) -> usize {
        self.height * self.width * self.c
    }

    /// Numbers from a row of pixels to the next.
    pub(super) fn row(&self) -> usize {
        self.width * self.c
    }

    /// Where the patch or the tile of a place begins.
    pub(super) fn corner(&self, strip: &Strip, place: Place) -> usize {
        place.image * self.len() + (place.y - strip.y()) * self.row() + place.x * self.c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strips_of_a_group_hold_each_of_its_tiles_once() {
        let maps = [(32, 32), (16, 16), (8, 8), (4, 4), (14, 9), (5, 70), (33, 30), (4, 150)];
        // Blocks of both sizes.
        for (c, (h, w)) in [16, 64].into_iter().flat_map(|c| maps.map(|map| (c, map))) {
            let t = Tiling::new(&Conv2dGeom::same([1, h, w, c], c, 3));
            let images = t.images_per_group();
            let mut seen = Vec::new();
            for strip in t.strips(images) {
                for tile in 0..strip.tiles() {
                    let Place { image, y, x } = strip.place(tile);
                    let inside = strip.y()..strip.y() + strip.height();
                    assert!(image < images && x < w && y < h && inside.contains(&y), "{h}x{w}");
                    seen.push((image, y, x));
                }
            }
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), images * h.div_ceil(4) * w.div_ceil(4), "{h}x{w}");
            assert_eq!(t.strips(images).filter(|strip| strip.is_last).count(), 1);
        }
    }
}
