//! The numbers of a figure as a table, for spreadsheets and other plotting programs.

use record::stats::Interval;

use super::canvas::Failure;

/// A number that a figure shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// Which of several plots; empty where there is one.
    pub(super) plot: String,
    /// The legend entry that it belongs to.
    pub(super) series: String,
    /// Its place along the figure: a number, or the name of a row or a column.
    pub(super) x: String,
    /// The number.
    pub(super) y: f64,
    /// The ends of its error bar.
    pub(super) interval: Option<Interval>,
}

impl Row {
    pub(super) fn new(series: &str, x: f64, y: f64, interval: Option<Interval>) -> Row {
        Row { plot: String::new(), series: series.into(), x: x.to_string(), y, interval }
    }

    pub(super) fn of_plot(self, plot: &str) -> Row {
        Row { plot: plot.into(), ..self }
    }
}

/// CSV with the columns plot, series, x, y, low, high; `None` without a row.
pub(super) fn csv(rows: &[Row]) -> Result<Option<String>, Failure> {
    if rows.is_empty() {
        return Ok(None);
    }
    let failed = |what: String| Failure(format!("its numbers cannot be written: {what}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write =
        |fields: [&str; 6]| writer.write_record(fields).map_err(|error| failed(error.to_string()));
    write(["plot", "series", "x", "y", "low", "high"])?;
    for Row { plot, series, x, y, interval } in rows {
        let end = |of: fn(&Interval) -> f64| {
            interval.as_ref().map(|interval| of(interval).to_string()).unwrap_or_default()
        };
        let (low, high) = (end(|interval| interval.low), end(|interval| interval.high));
        write([plot, series, x, &y.to_string(), &low, &high])?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.to_string()))?;
    String::from_utf8(bytes).map(Some).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_every_digit_and_a_text_its_commas() {
        let interval = Some(Interval { low: 0.1, high: 1.0 / 3.0 });
        let rows = [
            Row::new("resnet20, \"all\" blocks", 1.0, 0.2, interval),
            Row::new("b", 2.5, -1e-9, None).of_plot("left"),
        ];
        let expected = "plot,series,x,y,low,high\n\
                        ,\"resnet20, \"\"all\"\" blocks\",1,0.2,0.1,0.3333333333333333\n\
                        left,b,2.5,-0.000000001,,\n";
        assert_eq!(csv(&rows).unwrap().unwrap(), expected);
        assert_eq!(csv(&[]).unwrap(), None);
    }
}
