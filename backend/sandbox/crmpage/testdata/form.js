define(['jquery'], function ($) {
  'use strict';

  return {
    draw: function (widget, $body, context) {
      var $root = $('<div class="good__form"></div>');
      var external = context && context.external_id;
      $body.find('.good__form').remove();
      $('<p>').text(widget.i18n('ui.hint')).appendTo($root);
      $('<p translate="no" class="good__source">').text(external === undefined ? '-' : external).appendTo($root);
      $body.append($root);
    }
  };
});
