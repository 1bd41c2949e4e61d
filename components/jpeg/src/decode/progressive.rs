//! Progressive files (T.81 annex G): coefficients are kept until the last scan, but only those
//! that the scale wants, and of the others whether they are zero, where a later scan needs to
//! know that to be read. Scans that nothing wanted depends on are passed by.

mod ac;
mod dc;
mod needs;
mod store;

use super::block::Places;
use super::frame::{Frame, Scan};
use super::markers::Markers;
use super::options::Options;
use super::tables::Tables;
use crate::JpegError;
use crate::planes::Planes;
use store::Store;

/// All scans of a progressive file.
pub(super) fn decode(
    frame: &Frame,
    mut tables: Tables,
    mut markers: Markers<'_>,
    first_scan: &[u8],
    options: &Options,
    planes: &mut Planes,
) -> Result<(), JpegError> {
    let scans_max = options.limits.scans_max;
    let needs = needs::of_scans(frame, markers.clone(), first_scan, scans_max)?;
    let mut stores: Vec<Store> = frame.components.iter().map(Store::new).collect();
    let outcome = read_scans(
        frame,
        &mut tables,
        &mut markers,
        first_scan,
        &needs,
        &mut stores,
    );
    if matches!(outcome, Ok(()) | Err(JpegError::Truncated)) {
        let planes = planes.planes.iter_mut();
        for ((component, store), plane) in frame.components.iter().zip(&stores).zip(planes) {
            // A component that no scan had is grey.
            if let Some(quantisation) = &store.quantisation {
                store.transform(
                    component,
                    &Places::new(component.block, quantisation),
                    plane,
                );
            }
        }
    }
    outcome
}

fn read_scans(
    frame: &Frame,
    tables: &mut Tables,
    markers: &mut Markers<'_>,
    first_scan: &[u8],
    needs: &[bool],
    stores: &mut [Store],
) -> Result<(), JpegError> {
    let mut header = first_scan;
    for needed in needs {
        let scan = frame.scan(header)?;
        if *needed {
            latch(frame, &scan, tables, stores)?;
            markers.at = if scan.from == 0 {
                dc::decode_scan(frame, &scan, tables, markers, stores)?
            } else {
                ac::decode_scan(frame, &scan, tables, markers, stores)?
            };
        }
        match markers.next_scan(|segment| tables.read(segment))? {
            Some(next) => header = next,
            None => break,
        }
    }
    // The file is done, or as many scans of it as there were when they were counted.
    if stores.iter().all(|store| store.quantisation.is_some()) {
        Ok(())
    } else {
        Err(JpegError::Truncated)
    }
}

/// A component's quantisation table is the one in force at its first scan.
fn latch(
    frame: &Frame,
    scan: &Scan,
    tables: &Tables,
    stores: &mut [Store],
) -> Result<(), JpegError> {
    for (index, _, _) in &scan.components {
        if let (Some(component), Some(store)) =
            (frame.components.get(*index), stores.get_mut(*index))
            && store.quantisation.is_none()
        {
            if scan.from != 0 {
                return Err(JpegError::Corrupt("AC coefficients before the DC"));
            }
            store.quantisation = Some(component.quantisation(tables)?);
        }
    }
    Ok(())
}
